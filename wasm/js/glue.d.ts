import type { Transfer } from "./loader.js";

/**
 * The contract between a page's loader, which a plugin carries from the day it was built, and the glue, which the backend
 * serves with its module. Whoever breaks what stands here, or the types of {@link Transfer}, takes another number; while
 * plugins of the old number are deployed, the glue should list and keep both. testdata/loader-1.js is a loader of contract
 * 1 as it was deployed first, and a test holds every glue to it.
 *
 * Contract 1:
 * - GET /wasm/manifest.json is a JSON object. Its member glue is a path below /wasm/, different for each build; rules, where it
 *   is there, names the module in messages. The rest is the glue's.
 * - There is an ES module, which has {@link contracts} and {@link start}.
 * - Questions, answers, requests and events are those of wire format 1. Members may be added to answers, and may be left away
 *   in questions; a page passes over what it does not know.
 */
export const contracts: readonly number[];

/** What the loader hands over. */
export interface Page {
  /** The loader's: one of {@link contracts}. */
  contract: number;
  /** The backend's address, without a slash at its end. */
  base: string;
  /** The manifest that named this glue, as it came: what is loaded by it is of one build. */
  manifest: Record<string, unknown>;
  fetch: typeof fetch;
  /** import(). */
  importScript: (url: string) => Promise<unknown>;
  /** To be told of an error with a code when the rules are lost for good after they had started; only the first call counts. */
  report: (error: Error & { code?: string }) => void;
  onRestart?: () => void;
}

/** Starts the module. Rejects with an error that has a code (see Fault in loader.d.ts) and a message. */
export function start(page: Page): Promise<Transfer>;
