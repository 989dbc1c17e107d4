// Follows the backend's stream of events. EventSource cannot send a header, and the token must not be in a URL; so this
// reads the stream with fetch. It reconnects by itself, goes on after the last event it saw, and notices a connection
// that has gone silent. The types are in events.d.ts.
import { eventParser } from "./sse.js";

const SILENCE = 40_000; // milliseconds; the backend sends something every 15 seconds
const FIRST_WAIT = 500; // milliseconds; doubled with each failure
const LONGEST_WAIT = 30_000;

/** @type {typeof import("./events.js").openEvents} */
export function openEvents(options) {
  const stream = new EventStream(options);
  stream.run();
  return { close: () => stream.close(), get lastEventId() { return stream.lastId; } };
}

class EventStream {
  #o;
  #closed = false;
  #state = "";
  #failures = 0;
  #refused = false; // the last token was
  #controller = null; // of the connection, while there is one
  #wake = null; // ends the waiting, while there is any

  constructor({ baseUrl = "", lastEventId = "", silence = SILENCE, firstWait = FIRST_WAIT, ...rest }) {
    this.#o = { ...rest, url: `${baseUrl.replace(/\/+$/, "")}/v1/events`, silence, firstWait };
    this.lastId = lastEventId;
  }

  async run() {
    const online = () => this.#wake?.();
    globalThis.addEventListener?.("online", online);
    while (!this.#closed) {
      this.#say("connecting");
      const failure = await this.#connect().catch((error) => error);
      if (this.#closed) break;
      this.#say("waiting", failure);
      await this.#wait();
    }
    globalThis.removeEventListener?.("online", online);
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller?.abort();
    this.#wake?.();
    this.#say("closed");
  }

  /** One connection, from its beginning to its end. Returns or throws why it ended. */
  async #connect() {
    const controller = (this.#controller = new AbortController());
    const watchdog = new Watchdog(this.#o.silence, () => controller.abort(new Error("the stream has gone silent")));
    try {
      const response = await this.#request(controller.signal);
      if (this.#closed) return undefined;
      watchdog.pat();
      this.#say("open");
      await this.#read(response.body.getReader(), watchdog, controller.signal);
      return new Error("the stream ended");
    } finally {
      watchdog.stop();
      controller.abort(); // lets go of the connection where it was we who had enough
      this.#controller = null;
    }
  }

  async #request(signal) {
    const token = await untilAborted(this.#token(), signal);
    const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
    if (this.lastId) headers["Last-Event-ID"] = this.lastId;
    const doFetch = this.#o.fetch ?? globalThis.fetch;
    const response = await untilAborted(doFetch(this.#o.url, { headers, signal, cache: "no-store", credentials: "omit" }), signal);
    this.#refused = response.status === 401;
    if (!response.ok) {
      const body = await response.json().catch(() => null);
      throw Object.assign(new Error(body?.message ?? `status ${response.status}`), { status: response.status, code: body?.code });
    }
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream") || !response.body) throw new Error(`not a stream of events, but ${type || "no type"}`);
    return response;
  }

  /** Asks the page for a token, for another one where the last was refused. */
  async #token() {
    const token = await this.#o.token({ expired: this.#refused });
    if (!token) throw new Error("there is no token");
    return token;
  }

  async #read(reader, watchdog, signal) {
    const decoder = new TextDecoder();
    const parse = eventParser((event) => this.#event(event));
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done || this.#closed) return;
      watchdog.pat();
      this.#failures = 0; // it works
      parse(decoder.decode(value, { stream: true }));
    }
  }

  #event({ id, type, data }) {
    if (this.#closed) return;
    try {
      this.#o.onEvent?.({ id: id ?? "", type, data: JSON.parse(data) });
    } catch (error) {
      complain(error); // a page's mistake must not end the stream, nor come again and again
    }
    if (id !== undefined) this.lastId = id;
  }

  #say(state, error) {
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#o.onState?.(state, error);
    } catch (mistake) {
      complain(mistake);
    }
  }

  /** Waits longer with each failure, each time between a half and the whole, so that pages do not all come at once. */
  async #wait() {
    const longest = Math.min(LONGEST_WAIT, this.#o.firstWait * 2 ** this.#failures++);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

/** Calls bark when it has not been patted for a while. */
class Watchdog {
  #timer;

  constructor(milliseconds, bark) {
    this.pat = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(bark, milliseconds);
    };
    this.pat();
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

/** The promise, or a rejection as soon as the signal says so: a fetch of the page's own may not know of it. */
function untilAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function complain(error) {
  if (globalThis.reportError) globalThis.reportError(error);
  else console.error(error);
}
