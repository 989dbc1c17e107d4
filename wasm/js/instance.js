// One running instance of the module, and how it ends.
import { TransferError } from "./errors.js";

let started = 0;

/**
 * @typedef {object} Instance
 * @property {{wire: number, rules: string, decide(json: string): unknown, search(text: string, favourites: number, flags: number, limit: number): unknown, dispatch(id: number, name: string, json: string): unknown, stop(): unknown}} exports
 * @property {(cause: unknown) => void} kill declares the instance dead, where it was found to be
 */

/**
 * Starts an instance. onExit is called once when it has ended, whether it was told to or not.
 * @param {import("./module.js").Module} module
 * @param {{fetch: typeof fetch, settle: (id: number, ok: boolean, json: string) => void, onExit: (instance: Instance, why: string) => void}} host
 * @returns {Promise<Instance>}
 */
export async function startInstance(module, { fetch, settle, onExit }) {
  const go = new (guarded(module.Go))();
  const name = `__flexTransfer${++started}`;
  go.argv = ["flex-transfer", name];
  // Most decisions make garbage of a few kilobytes: collect it less often, but before the memory, which is never given
  // back, grows over a directory of 15,000 workers.
  go.env = { GOGC: "400", GOMEMLIMIT: "12MiB" };
  const wasm = await WebAssembly.instantiate(module.compiled, go.importObject);
  const instance = { exports: undefined, kill: (cause) => go.end(cause) };
  // The program registers before run() returns, so that the global variable is there for a moment only.
  const register = (exports) => void (instance.exports = { ...exports, ...askers(go, wasm.exports, exports) });
  globalThis[name] = { register, settle, fetch };
  try {
    go.run(wasm).then(() => go.end(), (error) => go.end(error));
  } finally {
    delete globalThis[name];
  }
  if (!instance.exports || go.exited) {
    go.end();
    throw new TransferError("MODULE_STOPPED", `The module ended as it began: ${go.why()}.`);
  }
  go.whenEnded.then((why) => onExit(instance, why));
  return instance;
}

const FIRST_ROOM = 1 << 16; // bytes

const QUESTIONS = ["decide", "updateDirectory", "openDirectory", "nativeFilters"];
const HEAD = 3; // numbers before the lines of a search
const LINE = 5; // numbers of each line

/**
 * The functions that answer a question: both go through the instance's memory. They return undefined once the instance has
 * ended.
 */
function askers(go, wasm, { reserve, lengthAddress }) {
  const { mem } = wasm;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let at = 0;
  let room = 0;
  let question = new Uint8Array(0);

  /** Writes the question and returns its length; or what reserve says instead of an address. */
  function write(json, least) {
    if (room < least) {
      const size = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(least)));
      const address = reserve(size);
      if (typeof address !== "number") return address;
      [at, room] = [address, size];
      question = new Uint8Array(mem.buffer, at, room);
    } else if (question.buffer !== mem.buffer) {
      question = new Uint8Array(mem.buffer, at, room); // the memory has grown
    }
    const { read, written } = encoder.encodeInto(json, question);
    return read === json.length ? written : write(json, 3 * json.length); // a UTF-16 unit takes three bytes at most
  }

  function read(address) {
    if (go.exited) return undefined;
    const answerLength = new DataView(mem.buffer).getUint32(lengthAddress, true);
    return decoder.decode(new Uint8Array(mem.buffer, address >>> 0, answerLength));
  }

  const ask = (name) => (json) => {
    if (go.exited) return undefined;
    const length = write(json, json.length);
    if (typeof length !== "number") return length;
    return read(wasm[name](length));
  };

  /** Takes a packed directory and the order of its entries. The room is the instance's from then on. */
  function loadDirectory(blob, order) {
    if (go.exited) return undefined;
    const text = encoder.encode(blob);
    const address = wasm.reserveDirectory(text.length + order.byteLength) >>> 0;
    if (go.exited) return undefined;
    const room = new Uint8Array(mem.buffer, address, address && text.length + order.byteLength);
    if (room.length > 0) {
      room.set(text);
      room.set(new Uint8Array(order.buffer), text.length);
    }
    return read(wasm.loadDirectory(text.length));
  }

  let numbers = new Int32Array(0);

  /** Puts a query, see wire.Directories.Search; null where there is no answer. */
  function search(text, favourites, flags, limit) {
    if (go.exited) return undefined;
    const length = write(text, text.length);
    if (typeof length !== "number") return null;
    const at = wasm.search(length, favourites, flags, limit) >>> 2;
    if (go.exited) return undefined;
    if (at === 0) return null;
    if (numbers.buffer !== mem.buffer) numbers = new Int32Array(mem.buffer);
    return numbers.slice(at, at + HEAD + LINE * numbers[at + 2]);
  }

  const describe = (of, number) => (go.exited ? undefined : read(wasm.describe(of, number)));

  return { loadDirectory, search, describe, ...Object.fromEntries(QUESTIONS.map((name) => [name, ask(name)])) };
}

/**
 * Go's class, made safe for an instance that ends. Without this, each timer and each promise that a dead instance still
 * waits for throws an error into the page, where nobody can catch it.
 */
function guarded(Go) {
  return class extends Go {
    #ended = false;
    #cause = undefined;
    #code = 0;
    #resolve = () => {};
    whenEnded = new Promise((resolve) => (this.#resolve = resolve));

    constructor() {
      super();
      this.exit = (code) => (this.#code = code);
    }

    why() {
      return this.#cause ? String(this.#cause) : `exit code ${this.#code}`;
    }

    end(cause) {
      if (this.#ended) return;
      this.#ended = true;
      this.#cause = cause;
      this.exited = true;
      for (const timer of this._scheduledTimeouts?.values() ?? []) clearTimeout(timer);
      this._scheduledTimeouts?.clear();
      this.#resolve(this.why());
    }

    _resume() {
      if (this.#ended) return;
      try {
        if (!this.exited) super._resume();
      } catch (error) {
        this.end(error); // WebAssembly trapped: out of memory, or an internal error
      }
      if (this.exited) this.end();
    }
  };
}
