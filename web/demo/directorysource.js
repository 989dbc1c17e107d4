// The directory behind the search box: the packed text of the backend, searched by the module, and what this browser keeps
// of it, favourites and recent targets. Agents on one page share it.

import { locale } from "./words.js";

const KEPT = 12;
const SOURCES = new WeakMap();

/** The source that belongs to the rules. */
export function sourceOf(rules) {
  if (!SOURCES.has(rules)) SOURCES.set(rules, new DirectorySource(rules));
  return SOURCES.get(rules);
}

class DirectorySource {
  #rules;
  #text = "";
  #loaded = null; // the module's directory that has the text
  #open = "";
  #changes = new Map(); // by SID, since the text was asked for

  constructor(rules) {
    this.#rules = rules;
  }

  /** Fetches the packed directory; the browser asks only whether it has changed. Without an answer what is there stays. */
  async load(token) {
    const before = new Set(this.#changes.keys());
    const response = await fetch("/v1/directory", { headers: { accept: "text/plain", authorization: `Bearer ${token}` } });
    if (!response.ok || !response.headers.get("content-type")?.startsWith("text/plain")) return;
    const text = await response.text();
    if (text === this.#text) return;
    for (const sid of before) this.#changes.delete(sid);
    [this.#text, this.#loaded] = [text, null];
  }

  /** Takes in what the stream tells: kind is workers or queues. */
  update(kind, record) {
    this.#changes.set(record.sid, { kind, record });
    if (this.#loaded) this.#rules.directory?.update({ [kind]: [record] });
  }

  /** What the agent of the question may see and looks for; null where there is no directory to be searched. */
  find(question, query) {
    const directory = this.#ready();
    if (!directory) return null;
    const { now, workers, queues, query: _, ...facts } = question;
    const key = JSON.stringify(facts);
    if (key !== this.#open) {
      if (directory.open({ ...facts, now })?.error) return null;
      this.#open = key;
    }
    return directory.search(query);
  }

  #ready() {
    const { directory } = this.#rules;
    if (!directory || !this.#text) return null;
    if (this.#loaded !== directory) {
      if (directory.load(this.#text, locale())?.error) return null;
      for (const { kind, record } of this.#changes.values()) directory.update({ [kind]: [record] });
      [this.#loaded, this.#open] = [directory, ""];
    }
    return directory;
  }
}

/** What an agent keeps in this browser: SIDs, the latest first. */
export class Kept {
  #key;

  constructor(name, owner) {
    this.#key = `flex-transfer.${name}.${owner}`;
  }

  all() {
    try {
      const list = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(list) ? list.filter((sid) => typeof sid === "string") : [];
    } catch {
      return []; // storage is off, or somebody wrote something else
    }
  }

  add(sid) {
    this.#write([sid, ...this.all().filter((one) => one !== sid)].slice(0, KEPT));
  }

  toggle(sid) {
    if (this.all().includes(sid)) this.#write(this.all().filter((one) => one !== sid));
    else this.add(sid);
  }

  #write(list) {
    try {
      localStorage.setItem(this.#key, JSON.stringify(list));
    } catch {
      // a browser that keeps nothing forgets
    }
  }
}
