import type { DepartureRecord, QueueRecord, Settings, TransferRecord, WorkerRecord } from "./loader.js";

export type StreamEvent =
  | { type: "hello"; id: string; data: { rules: string; settings: Settings } }
  | { type: "transfer"; id: string; data: TransferRecord }
  | { type: "departure"; id: string; data: DepartureRecord }
  /** The settings have changed. */
  | { type: "settings"; id: string; data: { rules: string; settings: Settings } }
  | { type: "worker"; id: string; data: WorkerRecord }
  | { type: "queue"; id: string; data: QueueRecord };

/** waiting: between two connections; the error says why the last one ended. */
export type StreamState = "connecting" | "open" | "waiting" | "closed";

export interface EventsOptions {
  /** The backend's address; "" for the page's own. */
  baseUrl: string;
  /** Gives the Flex token for a connection: another one where expired is true, for the last was refused. */
  token: (about: { expired: boolean }) => string | Promise<string>;
  onEvent: (event: StreamEvent) => void;
  onState?: (state: StreamState, error?: Error & { status?: number; code?: string }) => void;
  /** Go on after this event. */
  lastEventId?: string;
  /** Instead of the page's fetch. */
  fetch?: typeof fetch;
  /** How long the stream may be silent before it is opened anew, in milliseconds. */
  silence?: number;
  /** The first wait between two connections, in milliseconds; it doubles up to half a minute. */
  firstWait?: number;
}

export interface Events {
  /** Ends the stream; onState is told so at once, and nothing follows. */
  close(): void;
  /** The id of the last event that had one; "" for none. */
  readonly lastEventId: string;
}

/** Follows GET /v1/events until it is closed. */
export function openEvents(options: EventsOptions): Events;
