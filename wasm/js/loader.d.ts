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
 * - MODULE_INCOMPATIBLE: the backend has a module that does not serve a page of this build: one of them is to be upgraded
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
  /** Instead of import(), for the module's glue and Go's support script. */
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
  /** Takes the invite of the transfer with the id back. */
  dispatch(name: "cancel", args: { token: string; id: string; body: CancelRequest }): Promise<Result>;
  /** Leaves, removes another agent, or ends the conversation. */
  dispatch(name: "depart", args: { token: string; body: DepartureRequest }): Promise<Result>;
  dispatch(name: "fetchTransfer", args: { token: string; id: string }): Promise<Result>;
  dispatch(name: "directory", args: { token: string; interactionSid?: string; interactionChannelSid?: string; taskSid?: string }): Promise<Result>;
  /** The directory of workers and queues. */
  readonly directory: Directory;
  /** Ends the module. What is pending is rejected with MODULE_STOPPED. */
  close(): void;
}

/** Searches the directory. It outlives a restart of the module: nothing needs to be loaded or opened again. */
export interface Directory {
  /** Whether a blob has been loaded. */
  readonly loaded: boolean;
  /**
   * Takes what GET /v1/directory answered, with its names in the order of the locale (BCP 47), in the place of the blob before.
   * null where there are no rules now: it is kept, and searched once there are. What is open stays open.
   */
  load(blob: string, locale?: string): { workers: number; queues: number } | AnswerError | null;
  /** Takes in what the stream's events worker and queue tell. */
  update(records: { workers?: WorkerRecord[]; queues?: QueueRecord[] }): {} | AnswerError | null;
  /**
   * Shows the directory for a conversation: which entries the agent may see is decided now, once. To be called again when
   * the facts have changed. workers, queues, query and request of the question do not count.
   */
  open(question: Question): {} | AnswerError | null;
  /** Finds what the agent may see, in about 0.05 ms. Nothing is found before open(). */
  search(query: DirectoryQuery): DirectoryFound;
  /**
   * What makes Flex's own directory show what the rules allow: for WorkerDirectoryTabs.defaultProps. Where Flex has queueFilter
   * (a function of a queue), give it (queue) => queueSids.includes(queue.sid) and leave hiddenQueueFilter away. null where there is none.
   */
  nativeFilters(question: Question): { hiddenWorkerFilter: string; hiddenQueueFilter: string; queueSids: string[] } | null;
}

export interface DirectoryQuery {
  /** Words; letter case and accents do not count. Each must occur in the name, team, skills or activity. */
  query?: string;
  /** Both where it is absent. */
  kind?: "worker" | "queue";
  /** Only who is available, and queues in which somebody is, as far as it is known. */
  available?: boolean;
  /** SIDs of workers and queues that come first, in this order; then recents. */
  favourites?: string[];
  recents?: string[];
  /** The most lines of each kind, besides favourites and recents; 30 where it is absent. */
  limit?: number;
}

export interface DirectoryFound {
  /** Favourites, recents, workers, queues; in the last two those first in which every word begins a word. */
  lines: DirectoryLine[];
  /** How many match, whatever the limit; workers and queues of them. */
  total: number;
  workers: number;
  queues: number;
}

export interface DirectoryLine {
  group: "favourite" | "recent" | "worker" | "queue";
  kind: "worker" | "queue";
  sid: string;
  name: string;
  /** A worker's activity. */
  detail: string;
  /** Of a queue: somebody is, or it is not known. */
  available: boolean;
  team: string;
  skills: string[];
  /** Of a queue; null where they are not known. longestWait is in seconds. */
  figures: { available: number; waiting: number; longestWait: number } | null;
  enabled: boolean;
  /** Why it is not: a code. */
  reason: string;
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
  /** Those that the queue's target workers ask for. */
  skills?: string[] | null;
  /** How the queue stands; longest_wait is in seconds. */
  figures?: { available: number; waiting: number; longest_wait: number } | null;
}

export interface TaskRecord {
  sid: string;
  assignment_status: string;
  task_channel_unique_name: string;
  attributes: string | object;
  reservation_status?: string;
  task_queue_friendly_name?: string;
  task_queue_sid?: string;
}

/** What matches one of allow (or everything, without it) and none of deny: names with * and ?, or SIDs. */
export interface Patterns {
  allow?: string[];
  deny?: string[];
}

/** Narrows what the agents whom all its selectors select may do. */
export interface Permission {
  name: string;
  workers?: string[];
  teams?: string[];
  roles?: string[];
  skills?: string[];
  from_queues?: string[];
  no_cold: boolean;
  no_warm: boolean;
  to_queues?: Patterns;
  to_workers?: Patterns;
  to_teams?: Patterns;
}

/** The account's settings as the backend tells them: what is not set stands there as its default. */
export interface Settings {
  cold_transfer: boolean;
  multi_participant: boolean;
  native_transfers: boolean;
  /** When a cold transfer removes the agent who does not choose; leave_on_choice: they may. */
  leave_on: LeaveOn;
  leave_on_choice: boolean;
  leave_as: "completed" | "wrapup";
  /** How long a worker, and a queue, is asked, in seconds. */
  invite_timeout: number;
  queue_timeout: number;
  ping_pong: { transfers: number; within: number; queue_sid: string };
  handover: {
    /** labels: texts by language, "" for all others. */
    reasons: { code: string; labels: Record<string, string> }[];
    required: boolean;
    /** Characters. */
    notes_max: number;
    digest: boolean;
  };
  directory: { source: "own" | "native"; hide_unavailable: boolean; hide_empty_queues: boolean; queues_by_skill: boolean };
  permissions: Permission[];
  max_invites: number;
}

export type Mode = "cold" | "warm";

/** invite: as soon as the invite exists; accept: once somebody has accepted it. */
export type LeaveOn = "invite" | "accept";

export type Phase =
  | "inviting" | "searching" | "leaving" | "ringing" | "withdrawing" | "closing"
  | "completed" | "failed" | "declined" | "timed-out" | "canceled" | "abandoned";

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

/** The conversation, and the task of the agent who is to leave it or who asks. */
export interface ConversationRequest {
  wire: 1;
  rules?: string;
  interactionSid: string;
  interactionChannelSid: string;
  taskSid: string;
}

/** The body of POST /v1/transfers. */
export interface TransferRequest extends ConversationRequest {
  mode: Mode;
  /** For cold transfers only, and where it may be chosen. */
  leaveOn?: LeaveOn;
  /** The code of one of the account's reasons; "" for none. */
  reason?: string;
  notes?: string;
  target: { kind: "worker" | "queue"; sid: string };
}

/** The body of POST /v1/transfers/{id}/cancel. taskSid may be "" where the one who asks has left. */
export type CancelRequest = ConversationRequest;

/** The body of POST /v1/departures. participantSid is there where one is removed, and only there. */
export interface DepartureRequest extends ConversationRequest {
  kind: "leave" | "remove" | "end";
  participantSid?: string;
}

/** A request in a question: any of the bodies, as far as it is known, and what it is for. Without action: a transfer. */
export interface RequestQuestion extends Partial<Omit<TransferRequest, "wire">>, Partial<Omit<DepartureRequest, "wire">> {
  wire?: 1;
  action?: "transfer" | "cancel" | "leave" | "remove" | "end";
  /** Of a cancel. */
  transferId?: string;
}

/** What the agent who hands over tells the next one. It is for agents alone. */
export interface Briefing {
  from: string;
  reason: string;
  notes: string;
}

export interface Digest {
  text: string;
  /** Whether the summary service wrote it. */
  service: boolean;
  failure: string;
  failureMessage: string;
}

/** A transfer as the backend answers and streams it. Times are RFC 3339. */
export interface TransferRecord {
  id: string;
  mode: Mode;
  /** "" for warm ones. */
  leaveOn: LeaveOn | "";
  leaveAs: "completed" | "wrapup" | "";
  phase: Phase;
  interactionSid: string;
  interactionChannelSid: string;
  /** Who is asked now, or was asked last. */
  target: Target;
  /** Whom the agent asked for, where that is another. */
  asked: Target | null;
  from: Agent;
  requestedBy: string;
  /** Nobody asked: the customer was found alone. from and requestedBy are empty. */
  rescue?: boolean;
  invite: { sid: string; taskSid: string };
  /** How many targets were asked before; tried tells of them. */
  round: number;
  tried: { target: Target; outcome: string; outcomeMessage: string; at: string }[];
  /** What was found to be wrong and was put right, oldest first. */
  repairs?: { code: string; at: string }[];
  /** Why the target will not take over, while that is acted on. */
  over: string;
  requestedAt: string;
  invitedAt: string | null;
  /** Until when the target is asked; null for no limit. */
  deadline: string | null;
  acceptedAt: string | null;
  leftAt: string | null;
  endedAt: string | null;
  acceptedBy: string;
  failure: string;
  failureMessage: string;
  droppedAttributes: string[];
  briefing: Briefing | null;
  digest: Digest | null;
  digestWanted: boolean;
}

/** Somebody's leaving, or the end of the conversation. Times are RFC 3339. */
export interface DepartureRecord {
  id: string;
  kind: "leave" | "remove" | "end";
  interactionSid: string;
  interactionChannelSid: string;
  /** Who leaves; of an end, who asked for it. */
  agent: Agent;
  requestedBy: string;
  phase: "leaving" | "gone" | "failed";
  requestedAt: string;
  endedAt: string | null;
  failure: string;
  failureMessage: string;
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
  departures?: DepartureRecord[] | null;
  requesting?: boolean;
  workers?: WorkerRecord[] | null;
  queues?: QueueRecord[] | null;
  query?: string;
  request?: RequestQuestion | null;
}

/** Why a button is not enabled is a code; Answer.reasons has its text. */
export interface Button {
  state: "hidden" | "disabled" | "busy" | "enabled";
  reason: string;
}

export interface Screen {
  /** Opens the directory. It is as good as the better of cold and warm, the two things that can be done there. */
  button: Button;
  cold: Button;
  warm: Button;
  /** The way out. While it is not enabled, wrap-up is held back too. */
  exit: Button & { kind: "end" | "leave" };
  notice: string;
  participants: {
    sid: string;
    type: string;
    workerSid: string;
    name: string;
    me: boolean;
    /** About to leave. */
    leaving: boolean;
    remove: Button;
  }[];
  /** Each agent, and all customers together as one. */
  parties: number;
  /** Those that nobody has answered yet. */
  invites: {
    transferId: string;
    target: Target;
    mode: Mode;
    phase: Phase;
    /** The name of who invited. */
    by: string;
    since: string;
    deadline: string | null;
    mine: boolean;
    cancel: Button;
  }[];
  /** The transfer under way, or the one that ended last. */
  progress: null | {
    transferId: string;
    mode: Mode;
    leaveOn: LeaveOn | "";
    phase: Phase;
    target: Target;
    asked: Target | null;
    from: Agent;
    tried: { target: Target; outcome: string; at: string }[];
    over: string;
    acceptedBy: string;
    since: string;
    /** Since when the target is being asked, and until when; null before, and for no limit. */
    ringing: string | null;
    deadline: string | null;
    ended: string | null;
    failure: string;
    failureMessage: string;
    mine: boolean;
    cancel: Button;
  };
  /** What the one who looks was told with the conversation. */
  briefing: null | (Briefing & { /** Nobody handed over: the customer was found alone. */ rescued: boolean; digest: Digest | null; /** A digest is still being made. */ pending: boolean });
  targets: (Target & { detail: string; enabled: boolean; reason: string })[];
}

export interface Answer {
  wire: 1;
  rules: string;
  screen: Screen;
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
