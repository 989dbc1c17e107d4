// The loader of contract 1 as it was deployed first, in one file. Never to be changed: plugins have it. See ../glue.d.ts.

// errors.js
var TransferError = class extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "TransferError";
    this.code = code;
  }
};

// fetching.js
async function fetchManifest(url, fetch) {
  const response = await get(url, fetch, { cache: "no-cache" });
  const manifest = await response.json().catch(() => null);
  if (typeof manifest !== "object" || manifest === null || Array.isArray(manifest)) {
    throw new TransferError("LOAD_WRONG_TYPE", `${url} is not the manifest of the module.`);
  }
  return manifest;
}
async function get(url, fetch, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (cause) {
    throw new TransferError("LOAD_UNREACHABLE", `${url} cannot be reached.`, { cause });
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  const why = typeof said?.message === "string" ? `: ${said.message}` : ".";
  const code = response.status === 404 ? "LOAD_NOT_FOUND" : "LOAD_FAILED";
  throw new TransferError(code, `${url} was answered with status ${response.status}${why}`);
}
var mediaType = (response) => (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
async function importError(url, fetch, cause) {
  try {
    const type = mediaType(await get(url, fetch));
    if (/javascript/.test(type)) return new TransferError("LOAD_INVALID", `${url} does not run.`, { cause });
    return new TransferError("LOAD_WRONG_TYPE", `${url} is not a script: it came as ${type || "no type"}.`, { cause });
  } catch (error) {
    return error;
  }
}
var blocked = (what, cause) => new TransferError("LOAD_BLOCKED", `The page's Content Security Policy forbids the module: ${what}.`, { cause });
function watchPolicy() {
  if (typeof document !== "object") return { violation: async () => void 0, stop() {
  } };
  const events = [];
  const note = (event) => events.push(event);
  document.addEventListener("securitypolicyviolation", note);
  return {
    async violation(baseUrl) {
      await new Promise((resolve) => setTimeout(resolve));
      const origin = new URL(baseUrl || ".", document.baseURI).origin;
      const ours = events.find((e) => e.disposition === "enforce" && (e.blockedURI === "wasm-eval" || e.blockedURI.startsWith(origin)));
      return ours && blocked(`${ours.effectiveDirective} does not allow ${ours.blockedURI}`);
    },
    stop: () => document.removeEventListener("securitypolicyviolation", note)
  };
}

// loader.js
var CONTRACT = 1;
async function loadTransfer({ baseUrl, onFault, onRestart, fetch, importScript } = {}) {
  const report = once((error) => onFault?.({ code: error.code ?? "LOAD_FAILED", message: error.message }));
  const page = {
    contract: CONTRACT,
    base: String(baseUrl ?? "").replace(/\/+$/, ""),
    report,
    onRestart,
    fetch: (url, options) => (fetch ?? globalThis.fetch)(url, options),
    // a page may replace its fetch later
    importScript: importScript ?? ((url) => import(
      /* webpackIgnore: true */
      url
    ))
  };
  const policy = watchPolicy();
  try {
    return await load(page);
  } catch (error) {
    const cause = await policy.violation(page.base) ?? error;
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
var PATH = /^[\w-]+(\.[\w-]+)*(\/[\w-]+(\.[\w-]+)*)*$/;
async function loadGlue({ base, fetch, importScript }, { glue: name, rules }) {
  if (name === void 0) throw incompatible("is older than that: its manifest names no glue", rules);
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
var incompatible = (how, rules) => new TransferError("MODULE_INCOMPATIBLE", `This page was built for contract ${CONTRACT} of the backend's module, and the module there (rules ${rules ?? "unknown"}) ${how}.`);
function fallback(cause) {
  const nothing = () => null;
  return {
    native: true,
    rules: "",
    restarts: 0,
    pending: 0,
    decide: nothing,
    directory: { loaded: false, load: nothing, update: nothing, open: nothing, nativeFilters: nothing, search: () => ({ lines: [], total: 0, workers: 0, queues: 0 }) },
    dispatch: () => Promise.reject(new TransferError(cause.code ?? "LOAD_FAILED", cause.message, { cause })),
    close() {
    }
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
export {
  TransferError,
  loadTransfer
};
