// The directory of workers and queues, searched by the module. It outlives the instance that searches: after a restart
// what was loaded, updated and opened is put in again. The types are in loader.d.ts.

const GROUPS = ["favourite", "recent", "worker", "queue"];
const NOTHING = Object.freeze({ lines: [], total: 0, workers: 0, queues: 0 });

/** @implements {import("./loader.js").Directory} */
export class Directory {
  #call; // (name, ...args) => the parsed answer, or null where there is none
  #blob = "";
  #order = null;
  #changed = new Map(); // what has changed since the blob was packed, by SID
  #question = ""; // of the conversation that it is open for

  constructor(call) {
    this.#call = call;
  }

  /** Whether there is something to be searched. */
  get loaded() {
    return this.#blob !== "";
  }

  load(blob, locale) {
    const order = orderOf(blob, locale);
    const answer = order ? this.#call("loadDirectory", blob, order) : { error: { code: "NO_DIRECTORY", message: "this is no packed directory" } };
    if (answer?.error) return answer;
    [this.#blob, this.#order] = [blob, order];
    this.#changed.clear();
    if (answer && this.#question) this.#call("openDirectory", this.#question);
    return answer;
  }

  update({ workers = [], queues = [] }) {
    for (const worker of workers) this.#changed.set(worker.sid, { workers: [worker] });
    for (const queue of queues) this.#changed.set(queue.sid, { queues: [queue] });
    return this.loaded ? this.#call("updateDirectory", JSON.stringify({ workers, queues })) : null;
  }

  open(question) {
    const { workers, queues, ...rest } = question;
    this.#question = JSON.stringify(rest);
    return this.loaded ? this.#call("openDirectory", this.#question) : null;
  }

  search(query) {
    const answer = this.loaded ? this.#call("search", JSON.stringify(query)) : null;
    if (!Array.isArray(answer)) return NOTHING;
    const [workers, queues, lines] = answer;
    return { lines: lines.map(lineOf), total: workers + queues, workers, queues };
  }

  nativeFilters(question) {
    const { workers, queues, ...rest } = question;
    const answer = this.loaded ? this.#call("nativeFilters", JSON.stringify(rest)) : null;
    return answer?.error ? null : answer;
  }

  /** Puts everything into an instance that knows nothing yet. */
  restore() {
    if (!this.loaded) return;
    this.#call("loadDirectory", this.#blob, this.#order);
    const all = [...this.#changed.values()];
    if (all.length > 0) {
      const of = (kind) => all.flatMap((change) => change[kind] ?? []);
      this.#call("updateDirectory", JSON.stringify({ workers: of("workers"), queues: of("queues") }));
    }
    if (this.#question) this.#call("openDirectory", this.#question);
  }
}

function lineOf([group, sid, name, detail, available, team, skills, figures, reason]) {
  return {
    group: GROUPS[group], kind: sid.startsWith("WQ") ? "queue" : "worker", sid, name, detail, available: available === 1, team, skills,
    figures: figures ? { available: figures[0], waiting: figures[1], longestWait: figures[2] } : null,
    enabled: reason === "", reason,
  };
}

/** The order of a blob's lines by name, in the reader's locale: workers, then queues; null where it is none. */
export function orderOf(blob, locale) {
  const lines = String(blob).split("\n");
  const [magic, , workers, queues] = lines[0].split("\t");
  if (magic !== "flex-transfer-directory") return null;
  const names = lines.slice(4, 4 + Number(workers) + Number(queues)).map((line) => line.slice(0, line.indexOf("\t")));
  const { compare } = new Intl.Collator(locale, { numeric: true });
  const sorted = (from, to) => Uint32Array.from({ length: to - from }, (_, i) => from + i).sort((a, b) => compare(names[a], names[b]) || a - b);
  const order = new Uint32Array(names.length);
  order.set(sorted(0, Number(workers)));
  order.set(sorted(Number(workers), names.length), Number(workers));
  return order;
}
