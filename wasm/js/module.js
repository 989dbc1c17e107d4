// Fetches what makes up the module: its manifest, Go's support script and the compiled WebAssembly. Every way in which
// this can fail has a code of its own, since the remedies differ.
import { TransferError } from "./errors.js";

/**
 * @typedef {object} Module
 * @property {any} Go the class of Go's support script
 * @property {WebAssembly.Module} compiled
 * @property {string} rules the hash of the rules
 */

/**
 * @param {string} baseUrl
 * @param {typeof fetch} fetch
 * @param {(url: string) => Promise<unknown>} importScript
 * @returns {Promise<Module>}
 */
export async function fetchModule(baseUrl, fetch, importScript) {
  if (typeof WebAssembly !== "object" || typeof WebAssembly.compile !== "function") {
    throw new TransferError("NO_WEBASSEMBLY", "This browser has no WebAssembly, or it is switched off.");
  }
  const policy = watchPolicy();
  try {
    const manifest = await fetchManifest(`${baseUrl}/wasm/manifest.json`, fetch);
    const [Go, compiled] = await Promise.all([
      loadExec(`${baseUrl}/wasm/${manifest.exec}`, fetch, importScript),
      compile(`${baseUrl}/wasm/${manifest.module}`, fetch),
    ]);
    return { Go, compiled, rules: manifest.rules };
  } catch (error) {
    throw (await policy.violation(baseUrl)) ?? error;
  } finally {
    policy.stop();
  }
}

/** A file that the manifest may name: nothing that leads elsewhere. */
const fileName = /^[\w-]+(\.[\w-]+)+$/;

async function fetchManifest(url, fetch) {
  // The names in it change with each build, so that it must not be an old one.
  const response = await get(url, fetch, { cache: "no-cache" });
  const manifest = await response.json().catch(() => null);
  if (!fileName.test(manifest?.module) || !fileName.test(manifest?.exec) || typeof manifest.rules !== "string") {
    throw new TransferError("LOAD_WRONG_TYPE", `${url} is not the manifest of the module.`);
  }
  return manifest;
}

/** Fetches a file; an answer that is not 2xx is an error. */
async function get(url, fetch, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (cause) {
    throw new TransferError("LOAD_UNREACHABLE", `${url} cannot be reached.`, { cause });
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null); // the backend says what is wrong in JSON
  const why = typeof said?.message === "string" ? `: ${said.message}` : ".";
  const code = response.status === 404 ? "LOAD_NOT_FOUND" : "LOAD_FAILED";
  throw new TransferError(code, `${url} was answered with status ${response.status}${why}`);
}

const mediaType = (response) => (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();

/** Compiles the module while it arrives, or afterwards where the server does not name its type. */
async function compile(url, fetch) {
  const response = await get(url, fetch);
  if (mediaType(response) === "application/wasm" && WebAssembly.compileStreaming) {
    return WebAssembly.compileStreaming(response).catch((error) => {
      throw compileError(url, error);
    });
  }
  const bytes = await response.arrayBuffer().catch((cause) => {
    throw new TransferError("LOAD_UNREACHABLE", `${url} broke off.`, { cause });
  });
  const [zero, a, s, m] = new Uint8Array(bytes);
  if (zero !== 0 || a !== 0x61 || s !== 0x73 || m !== 0x6d) {
    const type = mediaType(response) || "no type";
    throw new TransferError("LOAD_WRONG_TYPE", `${url} is not WebAssembly: it came as ${type}.`);
  }
  return WebAssembly.compile(bytes).catch((error) => {
    throw compileError(url, error);
  });
}

function compileError(url, cause) {
  if (/content security policy|unsafe-eval|disallowed by embedder/i.test(String(cause?.message))) {
    return blocked("script-src must allow 'wasm-unsafe-eval'", cause);
  }
  if (cause instanceof WebAssembly.CompileError) {
    return new TransferError("LOAD_INVALID", `${url} is damaged: ${cause.message}`, { cause });
  }
  return new TransferError("LOAD_UNREACHABLE", `${url} broke off.`, { cause });
}

const blocked = (what, cause) =>
  new TransferError("LOAD_BLOCKED", `The page's Content Security Policy forbids the module: ${what}.`, { cause });

/**
 * The classes that support scripts have defined, by URL. A script runs only once in a page, however many copies of this
 * loader the page has.
 * @type {Map<string, Promise<any>>}
 */
const execs = (globalThis[Symbol.for("flex-transfer.exec")] ??= new Map());

/** Loads Go's support script, and leaves the page's globals as they were: another Go program may live there. */
function loadExec(url, fetch, importScript) {
  let exec = execs.get(url);
  if (!exec) {
    exec = runExec(url, fetch, importScript);
    execs.set(url, exec);
    exec.catch(() => execs.delete(url));
  }
  return exec;
}

async function runExec(url, fetch, importScript) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Go");
  delete globalThis.Go;
  try {
    await importScript(url);
    if (typeof globalThis.Go === "function") return globalThis.Go;
  } catch (cause) {
    throw await importError(url, fetch, cause);
  } finally {
    delete globalThis.Go;
    if (before) Object.defineProperty(globalThis, "Go", before);
  }
  throw new TransferError("LOAD_INVALID", `${url} is not Go's support script.`);
}

/** Finds out why a script was not imported: import() itself does not say. */
async function importError(url, fetch, cause) {
  try {
    const type = mediaType(await get(url, fetch));
    if (/javascript/.test(type)) return new TransferError("LOAD_INVALID", `${url} does not run.`, { cause });
    return new TransferError("LOAD_WRONG_TYPE", `${url} is not a script: it came as ${type || "no type"}.`, { cause });
  } catch (error) {
    return error;
  }
}

/** Notices what the page's Content Security Policy forbids: the failures themselves look like a broken network. */
function watchPolicy() {
  if (typeof document !== "object") return { violation: async () => undefined, stop() {} };
  const events = [];
  const note = (event) => events.push(event);
  document.addEventListener("securitypolicyviolation", note);
  return {
    async violation(baseUrl) {
      await new Promise((resolve) => setTimeout(resolve)); // it is reported a little after the failure
      const origin = new URL(baseUrl || ".", document.baseURI).origin;
      const ours = events.find((e) => e.disposition === "enforce" && (e.blockedURI === "wasm-eval" || e.blockedURI.startsWith(origin)));
      return ours && blocked(`${ours.effectiveDirective} does not allow ${ours.blockedURI}`);
    },
    stop: () => document.removeEventListener("securitypolicyviolation", note),
  };
}
