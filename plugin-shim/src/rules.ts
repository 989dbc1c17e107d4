// The rules: Go, as WebAssembly, loaded from the backend once Flex has started, with the scripts that know how it is asked: the
// plugin has the loader alone, and goes on working when the backend is upgraded. Where they cannot be had, Flex stays as it is.

import { loadTransfer, type Fault, type Transfer } from "../../wasm/js/loader.js";

export type RulesState = "loading" | "ready" | "missing";

/** The module of the rules, in the version that the backend has. */
export class Rules {
  state: RulesState = "loading";
  #module: Transfer | null = null;
  #next: Transfer | null = null; // to take its place once nobody waits for an answer
  #expected = "";
  #tried = "";
  #settled!: () => void;
  /** Resolves once the module is ready or known to be missing. */
  readonly settled = new Promise<void>((resolve) => (this.#settled = resolve));

  /** changed() is called when the rules become ready, start anew or are lost; lost() once, with why. */
  constructor(private readonly baseUrl: string, private readonly changed: () => void, private readonly lost: (fault: Fault) => void) {}

  get module(): Transfer | null {
    return this.state === "ready" ? this.#module : null;
  }

  get hash(): string {
    return this.#module?.rules ?? "";
  }

  /** Fetches and starts the module. It never throws. */
  async start(): Promise<void> {
    this.#take(await this.#load());
    this.#settled();
  }

  #load(): Promise<Transfer> {
    return loadTransfer({ baseUrl: this.baseUrl, onFault: (fault) => this.#lose(fault), onRestart: this.changed });
  }

  #take(loaded: Transfer): void {
    this.#next = null;
    if (loaded.native) return;
    this.#module?.close();
    this.#module = loaded;
    this.state = "ready";
    this.changed();
    void this.renew();
  }

  #lose(fault: Fault): void {
    if (this.#module && !this.#module.native) { // a newer one could not be had: this one goes on
      console.warn("flex-transfer: the module stays as it was:", fault.code, fault.message);
      return;
    }
    this.state = "missing";
    this.lost(fault);
    this.changed();
  }

  /** The backend has rules of this hash now. */
  expect(hash: string): void {
    this.#expected = hash;
    void this.renew();
  }

  /** Loads the module anew where the backend has other rules, once for each hash; it takes over when nothing is on its way. */
  async renew(): Promise<void> {
    if (this.#module && this.#module.pending > 0) return;
    if (this.#next) return this.#take(this.#next);
    const expected = this.#expected;
    if (!this.module || !expected || expected === this.hash || expected === this.#tried) return;
    this.#tried = expected;
    this.#next = await this.#load();
    await this.renew();
  }
}
