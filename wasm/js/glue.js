// The side of the rules in a page that knows the module's inside: it starts the module, asks it through its memory and keeps
// it running. It is served with the module, under a name with its hash, and is always of the same build; pages and plugins
// hold loader.js, which may be older, and know of this file what glue.d.ts says.
import { Directory } from "./directory.js";
import { TransferError } from "./errors.js";
import { startInstance } from "./instance.js";
import { fetchModule } from "./module.js";

/** @type {typeof import("./glue.js").contracts} */
export const contracts = [1];

/** The wire format of questions and answers that these contracts stand for, which the module must have too. */
const WIRE = 1;

/** How often a module that stops is started anew within WINDOW before it is given up. */
const MAX_STOPS = 5;
const WINDOW = 60_000; // milliseconds
const FIRST_DELAY = 100; // milliseconds; doubled with each stop within WINDOW

/** @type {typeof import("./glue.js").start} */
export async function start({ base, manifest, fetch, importScript, report, onRestart }) {
  const module = await fetchModule(base, manifest, fetch, importScript);
  const transfer = new Transfer({ module, base, fetch, report, onRestart });
  await transfer.start();
  return transfer;
}

/** The rules, whichever instance of the module they run in. */
class Transfer {
  #o;
  #instance = null;
  #closed = false;
  #lost = null; // the error, once the module has been given up
  #ready = deferred();
  #pending = new Map(); // what was dispatched, by id
  #lastId = 0;
  #stops = []; // when the module stopped lately
  #timer;
  #restarts = 0;
  directory = new Directory(
    (name, ...args) => {
      const answer = this.#call(name, isString, ...args);
      return answer === undefined ? null : JSON.parse(answer);
    },
    (...args) => this.#call("search", isNumbers, ...args) ?? null,
  );

  constructor(options) {
    this.#o = options;
    this.#ready.promise.catch(() => {}); // nobody may be waiting
  }

  /** True once the module has been given up: the page is on its own. */
  get native() {
    return this.#lost !== null || this.#closed;
  }

  get rules() {
    return this.#o.module.rules;
  }

  get restarts() {
    return this.#restarts;
  }

  get pending() {
    return this.#pending.size;
  }

  async start() {
    const instance = await startInstance(this.#o.module, {
      fetch: this.#o.fetch,
      settle: (id, ok, json) => this.#settle(id, ok, json),
      onExit: (which, why) => this.#stopped(which, why),
    });
    if (this.#closed) {
      instance.exports.stop();
      return;
    }
    const { wire } = instance.exports;
    if (wire !== WIRE) {
      instance.exports.stop();
      throw new TransferError("MODULE_INCOMPATIBLE", `The module speaks wire format ${wire}, and the scripts served with it ${WIRE}.`);
    }
    this.#instance = instance;
    this.directory.restore();
    this.#ready.resolve();
  }

  decide(question) {
    const json = JSON.stringify(question); // an error here is the caller's
    const answer = this.#call("decide", isString, json);
    return answer === undefined ? null : JSON.parse(answer);
  }

  async dispatch(name, args) {
    const json = JSON.stringify({ baseUrl: this.#o.base, ...args });
    if (!this.#closed && !this.#lost) await this.#ready.promise;
    if (this.#closed || this.#lost) throw this.#lost ?? stoppedError("it was closed");
    const id = ++this.#lastId;
    const entry = deferred();
    this.#pending.set(id, entry);
    const refusal = this.#call("dispatch", (answer) => answer === null || isString(answer), id, name, json);
    if (isString(refusal)) this.#settle(id, false, refusal);
    return entry.promise;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const instance = this.#instance;
    this.#instance = null;
    instance?.exports.stop();
    this.#rejectAll(stoppedError("it was closed"));
  }

  /** Calls an export. An answer that is not one means that the instance is dead; then there is none. */
  #call(name, isAnswer, ...args) {
    const instance = this.#instance;
    if (!instance) return undefined;
    try {
      const answer = instance.exports[name](...args);
      if (isAnswer(answer)) return answer;
      instance.kill(`${name} gave no answer`);
    } catch (error) {
      instance.kill(error);
    }
    this.#stopped(instance, `${name} gave no answer`);
    return undefined;
  }

  #settle(id, ok, json) {
    const entry = this.#pending.get(id);
    if (!this.#pending.delete(id)) return;
    try {
      const value = JSON.parse(json);
      if (ok) entry.resolve(value);
      else entry.reject(new TransferError(value.error.code, value.error.message));
    } catch (cause) {
      entry.reject(new TransferError("BAD_ANSWER", "The module's answer cannot be read.", { cause }));
    }
  }

  #stopped(instance, why) {
    if (instance !== this.#instance) return; // known already
    this.#instance = null;
    this.#ready = deferred();
    this.#ready.promise.catch(() => {});
    this.#rejectAll(stoppedError(why), false);
    this.#restart(why);
  }

  /** Starts the module anew after a while, or gives it up. */
  #restart(why) {
    if (this.#closed) return;
    const now = Date.now();
    this.#stops = [...this.#stops.filter((at) => now - at < WINDOW), now];
    if (this.#stops.length > MAX_STOPS) {
      this.#lost = new TransferError("MODULE_GAVE_UP", `The module stopped ${this.#stops.length} times within a minute: ${why}.`);
      this.#rejectAll(this.#lost);
      this.#o.report(this.#lost);
      return;
    }
    this.#timer = setTimeout(() => this.#startAnew(), FIRST_DELAY * 2 ** (this.#stops.length - 1));
  }

  async #startAnew() {
    try {
      await this.start();
    } catch (error) {
      this.#restart(error.message);
      return;
    }
    if (this.#closed) return;
    this.#restarts++;
    this.#o.onRestart?.();
  }

  /** Rejects what is pending, and those who wait for the next instance unless there will be one. */
  #rejectAll(error, waiting = true) {
    const entries = [...this.#pending.values()];
    this.#pending.clear();
    for (const entry of entries) entry.reject(error);
    if (waiting) this.#ready.reject(error);
  }
}

const isString = (value) => typeof value === "string";
const isNumbers = (value) => value === null || value instanceof Int32Array;

const stoppedError = (why) => new TransferError("MODULE_STOPPED", `The module stopped before this was done: ${why}.`);

function deferred() {
  const d = {};
  d.promise = new Promise((resolve, reject) => Object.assign(d, { resolve, reject }));
  return d;
}
