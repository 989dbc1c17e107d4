// What an agent keeps in this browser: their favourites, and whom they chose last.

const MOST = 12;

/** A list of SIDs of one agent's, the latest first. A browser that keeps nothing forgets; it fails nowhere. */
export class Kept {
  readonly #key: () => string;

  /** owner() is the agent's worker SID; it may be known only later. */
  constructor(name: "favourites" | "recents", owner: () => string) {
    this.#key = () => `flex-transfer.${name}.${owner()}`;
  }

  all(): string[] {
    try {
      const list = JSON.parse(localStorage.getItem(this.#key()) ?? "[]");
      return Array.isArray(list) ? list.filter((sid) => typeof sid === "string") : [];
    } catch {
      return []; // storage is off, or somebody wrote something else
    }
  }

  /** Puts it first; the oldest goes. */
  add(sid: string): void {
    this.#write([sid, ...this.all().filter((one) => one !== sid)].slice(0, MOST));
  }

  /** Takes it out where it is in, else puts it first. */
  toggle(sid: string): void {
    if (this.all().includes(sid)) this.#write(this.all().filter((one) => one !== sid));
    else this.add(sid);
  }

  #write(list: string[]): void {
    try {
      localStorage.setItem(this.#key(), JSON.stringify(list));
    } catch {
      // as above
    }
  }
}
