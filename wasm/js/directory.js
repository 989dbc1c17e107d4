// The directory of workers and queues, searched by the module. It outlives the instance that searches: after a restart
// what was loaded, updated and opened is put in again. The types are in loader.d.ts.
//
// A search is answered with numbers alone. What does not change of an entry, its name, team and skills, is taken from the blob
// when it is shown first; the module tells it of those that came later.
import { DirectoryText } from "./directorytext.js";

const GROUPS = ["favourite", "recent", "worker", "queue"];
const NOTHING = Object.freeze({ lines: [], total: 0, workers: 0, queues: 0 });

// As in wire.Directories.Search and Describe.
const WORKERS = 1, QUEUES = 2, AVAILABLE = 4;
const HEAD = 3, LINE = 5;
const ENTRY = 0, ACTIVITY = 1, REASON = 2;

/** @implements {import("./loader.js").Directory} */
export class Directory {
  #call; // (name, ...args) => the parsed answer, or null where there is none
  #search; // (text, favourites, flags, limit) => the numbers, or null
  #blob = "";
  #text = null; // what is read of the blob
  #described = [new Map(), new Map(), new Map()]; // what the module told of entries, activities and reasons, by number
  #changed = new Map(); // what has changed since the blob was packed, by SID
  #question = ""; // of the conversation that it is open for

  constructor(call, search) {
    this.#call = call;
    this.#search = search;
  }

  /** Whether there is something to be searched. */
  get loaded() {
    return this.#blob !== "";
  }

  load(blob, locale) {
    const text = DirectoryText.of(blob, locale);
    const answer = text ? this.#call("loadDirectory", blob, text.order) : { error: { code: "NO_DIRECTORY", message: "this is no packed directory" } };
    if (answer?.error) return answer;
    [this.#blob, this.#text] = [blob, text];
    this.#forget();
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

  search({ query, kind, available, favourites, recents, limit } = {}) {
    if (!this.loaded) return NOTHING;
    let text = String(query ?? "");
    if (text.includes("\n")) text = text.replaceAll("\n", " ");
    for (const sid of favourites ?? []) text += `\n${sid}`;
    for (const sid of recents ?? []) text += `\n${sid}`;
    const flags = (kind === "queue" ? 0 : WORKERS) | (kind === "worker" ? 0 : QUEUES) | (available ? AVAILABLE : 0);
    const numbers = this.#search(text, favourites?.length ?? 0, flags, limit ?? 30);
    if (!numbers) return NOTHING;
    const [workers, queues, length] = numbers;
    const lines = new Array(length);
    for (let i = 0; i < length; i++) lines[i] = this.#line(numbers, HEAD + LINE * i);
    return { lines, total: workers + queues, workers, queues };
  }

  nativeFilters(question) {
    const { workers, queues, ...rest } = question;
    const answer = this.loaded ? this.#call("nativeFilters", JSON.stringify(rest)) : null;
    return answer?.error ? null : answer;
  }

  /** Puts everything into an instance that knows nothing yet. */
  restore() {
    if (!this.loaded) return;
    this.#forget();
    this.#call("loadDirectory", this.#blob, this.#text.order);
    const all = [...this.#changed.values()];
    if (all.length > 0) {
      const of = (kind) => all.flatMap((change) => change[kind] ?? []);
      this.#call("updateDirectory", JSON.stringify({ workers: of("workers"), queues: of("queues") }));
    }
    if (this.#question) this.#call("openDirectory", this.#question);
  }

  #line(numbers, at) {
    const bits = numbers[at];
    const first = numbers[at + 2];
    const { sid, name, team, skills } = this.#entry(numbers[at + 1]);
    const reason = bits >> 8 ? this.#describe(REASON, bits >> 8) : "";
    const queue = (bits & 4) !== 0;
    return {
      group: GROUPS[bits & 3], kind: queue ? "queue" : "worker", sid, name, detail: queue || first < 0 ? "" : this.#activity(first),
      available: (bits & 8) !== 0, team, skills,
      figures: bits & 16 ? { available: first, waiting: numbers[at + 3], longestWait: numbers[at + 4] } : null,
      enabled: reason === "", reason,
    };
  }

  #entry(number) {
    const known = this.#text.entry(number) ?? this.#described[ENTRY].get(number);
    if (known) return known;
    const [sid, name, team, skills] = this.#describe(ENTRY, number) ?? ["", "", "", []];
    const entry = { sid, name, team, skills };
    this.#described[ENTRY].set(number, entry);
    return entry;
  }

  #activity(number) {
    return this.#text.activities[number] ?? this.#describe(ACTIVITY, number);
  }

  #describe(of, number) {
    const known = this.#described[of].get(number);
    if (known !== undefined) return known;
    const told = this.#call("describe", of, number);
    this.#described[of].set(number, told);
    return told;
  }

  /** Numbers mean nothing in another directory or instance. */
  #forget() {
    for (const map of this.#described) map.clear();
  }
}
