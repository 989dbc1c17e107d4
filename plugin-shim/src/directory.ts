// The directory of workers and queues: the backend's packed text, searched by the module, and kept fresh by the stream.

import type { DirectoryFound, DirectoryLine, DirectoryQuery, Question, QueueRecord, Transfer, WorkerRecord } from "../../wasm/js/loader.js";
import { locale } from "./texts";

/** What narrows Flex's own directory; see nativeFilters in wasm/js/loader.d.ts. */
export type NativeFilters = NonNullable<ReturnType<Transfer["directory"]["nativeFilters"]>>;

const NOTHING: DirectoryFound = { lines: [], total: 0, workers: 0, queues: 0 };

export class DirectorySource {
  #text = "";
  #loaded: Transfer | null = null; // the module that has the text
  #open = ""; // the question that it is open for
  #changes = new Map<string, { workers?: WorkerRecord[]; queues?: QueueRecord[] }>(); // by SID, since the text was asked for
  #workers = new Map<string, WorkerRecord>(); // those that were looked up

  /** module() is the module as it is now. */
  constructor(private readonly baseUrl: string, private readonly module: () => Transfer | null) {}

  /** Whether there is something to be searched. */
  get known(): boolean {
    return this.#text !== "";
  }

  /** Fetches it; the browser asks only whether it has changed. Returns whether it is there; what was there before stays. */
  async load(token: string): Promise<boolean> {
    const before = [...this.#changes.keys()];
    try {
      const response = await fetch(`${this.baseUrl}/v1/directory`, { headers: { Accept: "text/plain", Authorization: `Bearer ${token}` }, credentials: "omit" });
      if (!response.ok || !response.headers.get("content-type")?.startsWith("text/plain")) return false;
      const text = await response.text();
      if (text === this.#text) return true;
      for (const sid of before) this.#changes.delete(sid);
      this.#text = text;
      this.#loaded = null;
      this.#workers.clear();
      return true;
    } catch {
      return false;
    }
  }

  update(change: { workers?: WorkerRecord[]; queues?: QueueRecord[] }): void {
    for (const { sid } of [...(change.workers ?? []), ...(change.queues ?? [])]) this.#changes.set(sid, change);
    for (const worker of change.workers ?? []) this.#workers.delete(worker.sid);
    if (this.#loaded) this.#loaded.directory.update(change);
  }

  /** What the agent of the question may see and looks for. */
  find(question: Question, query: DirectoryQuery): DirectoryFound {
    const directory = this.#ready();
    if (!directory) return NOTHING;
    const { now, workers, queues, query: _, ...facts } = question;
    const key = JSON.stringify(facts);
    if (key !== this.#open) {
      if (isError(directory.open({ ...facts, now }))) return NOTHING;
      this.#open = key;
    }
    return directory.search(query);
  }

  /** What makes Flex's own directory show what the agent of the question may see; null where that is not known. */
  nativeFilters(question: Question): NativeFilters | null {
    return this.#ready()?.nativeFilters(question) ?? null;
  }

  /** The workers of those SIDs, as far as they are known. */
  workers(sids: string[]): WorkerRecord[] {
    const unknown = sids.filter((sid) => !this.#workers.has(sid));
    for (const { sid, name, detail, available } of unknown.length ? this.#lookUp(unknown) : []) {
      this.#workers.set(sid, { sid, friendly_name: name, attributes: { full_name: name }, activity_name: detail, available });
    }
    return sids.flatMap((sid) => this.#workers.get(sid) ?? []);
  }

  /** The name of a worker or a queue; "" where it is not known. */
  nameOf(sid: string): string {
    return this.#lookUp([sid])[0]?.name ?? "";
  }

  #lookUp(sids: string[]): DirectoryLine[] {
    return this.find({ wire: 1 }, { favourites: sids, limit: 1 }).lines.filter((line) => line.group === "favourite");
  }

  #ready(): Transfer["directory"] | null {
    const module = this.module();
    if (!module || !this.#text) return null;
    if (this.#loaded !== module) {
      if (isError(module.directory.load(this.#text, locale()))) return null;
      for (const change of this.#changes.values()) module.directory.update(change);
      this.#loaded = module;
      this.#open = "";
    }
    return module.directory;
  }
}

const isError = (answer: object | null): boolean => answer !== null && "error" in answer;
