/** An error with a code that a program can act on; the message is for people. */
export class TransferError extends Error {
  code: string;
}

/**
 * Why there are no rules.
 * - NO_WEBASSEMBLY: the browser has none
 * - LOAD_NOT_FOUND (404), LOAD_FAILED (another status), LOAD_UNREACHABLE (no answer)
 * - LOAD_WRONG_TYPE: something else came, such as a page of HTML
 * - LOAD_BLOCKED: the page's Content Security Policy forbids it
 * - LOAD_INVALID: the module or its support script is damaged
 * - MODULE_STOPPED: it ended as it began
 * - MODULE_GAVE_UP: it stopped again and again
 */
export interface Fault {
  code: string;
  message: string;
}

export interface LoadOptions {
  /** The backend's address, such as "https://transfers.example.com"; "" for the page's own. */
  baseUrl: string;
  /** Called at most once, when the page has to go on without the rules. */
  onFault?: (fault: Fault) => void;
  /** Called when the module had stopped and runs again: time to ask it anew. */
  onRestart?: () => void;
  /** Instead of the page's fetch. */
  fetch?: typeof fetch;
  /** Instead of import(), for Go's support script. */
  importScript?: (url: string) => Promise<unknown>;
}

export interface Transfer {
  /** True where there are no rules for good: the page keeps its native behaviour. */
  readonly native: boolean;
  /** The hash of the rules, to be sent with each request; "" where there are none. */
  readonly rules: string;
  /** How often the module has been started anew. */
  readonly restarts: number;
  /** How many dispatches have not settled yet. */
  readonly pending: number;
  /** Answers at once; null where there are no rules now. Throws only where the question cannot be written as JSON. */
  decide(question: Question): Answer | AnswerError | null;
  /**
   * Calls the backend; baseUrl is added to the arguments. Resolves with any answer of the backend, and with status 0 where
   * there was none (BACKEND_UNREACHABLE, BACKEND_TIMEOUT). Rejects with a TransferError: BAD_ARGUMENTS, PANIC, or
   * MODULE_STOPPED where it is not known what became of the call.
   */
  dispatch(name: "transfer", args: { token: string; idempotencyKey: string; body: TransferRequest }): Promise<Result>;
  dispatch(name: "fetchTransfer", args: { token: string; id: string }): Promise<Result>;
  dispatch(name: "directory", args: { token: string; interactionSid?: string; interactionChannelSid?: string; taskSid?: string }): Promise<Result>;
  /** Ends the module. What is pending is rejected with MODULE_STOPPED. */
  close(): void;
}

/** Never rejects: see {@link LoadOptions.onFault}. */
export function loadTransfer(options: LoadOptions): Promise<Transfer>;

export interface Result {
  status: number;
  body: any;
}

export interface WorkerRecord {
  sid: string;
  friendly_name: string;
  /** A JSON object, as text or as it is. */
  attributes: string | object;
  activity_name: string;
  available: boolean;
}

export interface QueueRecord {
  sid: string;
  friendly_name: string;
  unserved?: boolean;
}

export interface TaskRecord {
  sid: string;
  assignment_status: string;
  task_channel_unique_name: string;
  attributes: string | object;
  reservation_status?: string;
  task_queue_friendly_name?: string;
}

export interface Settings {
  cold_transfer: boolean;
  multi_participant: boolean;
  native_transfers: boolean;
}

export interface Target {
  kind: "worker" | "queue";
  sid: string;
  name: string;
}

export interface Agent {
  workerSid: string;
  name: string;
  participantSid: string;
  taskSid: string;
}

export interface TransferRequest {
  wire: 1;
  rules?: string;
  mode: "cold";
  interactionSid: string;
  interactionChannelSid: string;
  taskSid: string;
  target: { kind: "worker" | "queue"; sid: string };
}

/** A transfer as the backend answers and streams it. Times are RFC 3339. */
export interface TransferRecord {
  id: string;
  mode: "cold";
  phase: string;
  interactionSid: string;
  interactionChannelSid: string;
  target: Target;
  from: Agent;
  requestedBy: string;
  requestedAt: string;
  invitedAt: string | null;
  leftAt: string | null;
  endedAt: string | null;
  acceptedBy: string;
  invite: { sid: string; taskSid: string };
  failure: string;
  failureMessage: string;
  droppedAttributes: string[];
}

/** What is known, in the shape of Twilio's records. All but wire may be absent or null. */
export interface Question {
  wire: 1;
  now?: string | null;
  settings?: Partial<Settings> | null;
  worker?: WorkerRecord | null;
  roles?: string[] | null;
  task?: TaskRecord | null;
  channel?: { sid: string; interaction_sid: string; type: string; status: string } | null;
  /** null where they are not known yet. */
  participants?:
    | { sid: string; type: string; routing_properties?: { task_sid: string; worker_sid: string; reservation_sid: string } | null }[]
    | null;
  transfers?: TransferRecord[] | null;
  requesting?: boolean;
  workers?: WorkerRecord[] | null;
  queues?: QueueRecord[] | null;
  query?: string;
  request?: Partial<TransferRequest> | null;
}

export interface Answer {
  wire: 1;
  rules: string;
  screen: {
    button: { state: "hidden" | "disabled" | "busy" | "enabled"; reason: string };
    notice: string;
    participants: { sid: string; type: string; workerSid: string; name: string; me: boolean }[];
    progress: null | {
      transferId: string;
      phase: string;
      target: Target;
      from: Agent;
      acceptedBy: string;
      since: string;
      ended: string | null;
      failure: string;
      failureMessage: string;
      mine: boolean;
    };
    targets: (Target & { detail: string; enabled: boolean; reason: string })[];
  };
  /** The English text of each reason in this answer, by its code. */
  reasons: Record<string, string>;
  /** There if the question had a request. */
  decision?: { ok: true } | { ok: false; code: string; message: string; field: string };
  error?: undefined;
}

export interface AnswerError {
  wire: 1;
  error: { code: "BAD_RECORDS" | "UNKNOWN_WIRE_FORMAT" | "BAD_ARGUMENTS" | "PANIC"; message: string };
}
