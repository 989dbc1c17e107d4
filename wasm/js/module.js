// Fetches what makes up the module: Go's support script and the compiled WebAssembly, which the manifest names.
import { TransferError } from "./errors.js";
import { blocked, get, importError, mediaType } from "./fetching.js";

/**
 * @typedef {object} Module
 * @property {any} Go the class of Go's support script
 * @property {WebAssembly.Module} compiled
 * @property {string} rules the hash of the rules
 */

/** A file that the manifest may name: nothing that leads elsewhere. */
const fileName = /^[\w-]+(\.[\w-]+)+$/;

/**
 * @param {string} base
 * @param {{module?: unknown, exec?: unknown, rules?: unknown}} manifest
 * @param {typeof fetch} fetch
 * @param {(url: string) => Promise<unknown>} importScript
 * @returns {Promise<Module>}
 */
export async function fetchModule(base, { module, exec, rules }, fetch, importScript) {
  if (!fileName.test(module) || !fileName.test(exec) || typeof rules !== "string") {
    throw new TransferError("LOAD_WRONG_TYPE", `${base}/wasm/manifest.json is not the manifest of the module.`);
  }
  const [Go, compiled] = await Promise.all([loadExec(`${base}/wasm/${exec}`, fetch, importScript), compile(`${base}/wasm/${module}`, fetch)]);
  return { Go, compiled, rules };
}

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
