// Loads the rules (Go, compiled to WebAssembly) into a page.
//
//   const transfer = await loadTransfer({ baseUrl: "https://transfers.example.com", onFault: report });
//   const answer = transfer.decide(question); // null: no rules right now, leave the page as it is
//   const { status, body } = await transfer.dispatch("directory", { token });
//
// loadTransfer never rejects: where the module cannot be loaded, onFault is told why, once, and what is returned decides
// nothing, so that the page keeps its native behaviour. The types are in loader.d.ts.
//
// A deployed plugin holds its own copy of this file, and the backend is upgraded beneath it. So nothing here knows how the
// module is asked: the manifest names the glue of the same build, and the glue does the rest (glue.d.ts).
import { TransferError } from "./errors.js";
import { fetchManifest, importError, watchPolicy } from "./fetching.js";

export { TransferError };

/** What this loader expects of any glue, by number: see glue.d.ts. */
const CONTRACT = 1;

/** @type {typeof import("./loader.js").loadTransfer} */
export async function loadTransfer({ baseUrl, onFault, onRestart, fetch, importScript } = {}) {
  const report = once((error) => onFault?.({ code: error.code ?? "LOAD_FAILED", message: error.message }));
  const page = {
    contract: CONTRACT, base: String(baseUrl ?? "").replace(/\/+$/, ""), report, onRestart,
    fetch: (url, options) => (fetch ?? globalThis.fetch)(url, options), // a page may replace its fetch later
    importScript: importScript ?? ((url) => import(/* webpackIgnore: true */ url)),
  };
  const policy = watchPolicy();
  try {
    return await load(page);
  } catch (error) {
    const cause = (await policy.violation(page.base)) ?? error;
    report(cause);
    return fallback(cause);
  } finally {
    policy.stop();
  }
}

async function load(page) {
  if (typeof WebAssembly !== "object" || typeof WebAssembly.compile !== "function") {
    throw new TransferError("NO_WEBASSEMBLY", "This browser has no WebAssembly, or it is switched off.");
  }
  const manifest = await fetchManifest(`${page.base}/wasm/manifest.json`, page.fetch);
  const glue = await loadGlue(page, manifest);
  return glue.start({ ...page, manifest });
}

/** A path below /wasm/ that leads nowhere else. */
const PATH = /^[\w-]+(\.[\w-]+)*(\/[\w-]+(\.[\w-]+)*)*$/;

/** Imports the scripts that belong to the module, and makes sure that they serve a page of this build. */
async function loadGlue({ base, fetch, importScript }, { glue: name, rules }) {
  if (name === undefined) throw incompatible("is older than that: its manifest names no glue", rules);
  const url = `${base}/wasm/${name}`;
  if (!PATH.test(name)) throw new TransferError("LOAD_WRONG_TYPE", `${base}/wasm/manifest.json is not the manifest of the module.`);
  let glue;
  try {
    glue = await importScript(url);
  } catch (cause) {
    throw await importError(url, fetch, cause);
  }
  if (!Array.isArray(glue?.contracts) || typeof glue.start !== "function") throw new TransferError("LOAD_INVALID", `${url} is not the module's glue.`);
  if (!glue.contracts.includes(CONTRACT)) throw incompatible(`keeps contract ${glue.contracts.join(", ")}`, rules);
  return glue;
}

const incompatible = (how, rules) =>
  new TransferError("MODULE_INCOMPATIBLE", `This page was built for contract ${CONTRACT} of the backend's module, and the module there (rules ${rules ?? "unknown"}) ${how}.`);

/** What a page without the module gets. */
function fallback(cause) {
  const nothing = () => null;
  return {
    native: true, rules: "", restarts: 0, pending: 0,
    decide: nothing,
    directory: { loaded: false, load: nothing, update: nothing, open: nothing, nativeFilters: nothing, search: () => ({ lines: [], total: 0, workers: 0, queues: 0 }) },
    dispatch: () => Promise.reject(new TransferError(cause.code ?? "LOAD_FAILED", cause.message, { cause })),
    close() {},
  };
}

function once(run) {
  let done = false;
  return (...args) => {
    if (!done) {
      done = true;
      run(...args);
    }
  };
}
