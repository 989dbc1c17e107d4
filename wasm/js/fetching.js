// Fetching for the loader and the glue. Every way in which this can fail has a code of its own, since the remedies differ.
import { TransferError } from "./errors.js";

/** Fetches the manifest, and sees no more than that it is one: what is in it is the glue's, but for the glue's own name. */
export async function fetchManifest(url, fetch) {
  // The names in it change with each build, so that it must not be an old one.
  const response = await get(url, fetch, { cache: "no-cache" });
  const manifest = await response.json().catch(() => null);
  if (typeof manifest !== "object" || manifest === null || Array.isArray(manifest)) {
    throw new TransferError("LOAD_WRONG_TYPE", `${url} is not the manifest of the module.`);
  }
  return manifest;
}

/** Fetches a file; an answer that is not 2xx is an error. */
export async function get(url, fetch, options) {
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

export const mediaType = (response) => (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();

/** Finds out why a script was not imported: import() itself does not say. */
export async function importError(url, fetch, cause) {
  try {
    const type = mediaType(await get(url, fetch));
    if (/javascript/.test(type)) return new TransferError("LOAD_INVALID", `${url} does not run.`, { cause });
    return new TransferError("LOAD_WRONG_TYPE", `${url} is not a script: it came as ${type || "no type"}.`, { cause });
  } catch (error) {
    return error;
  }
}

export const blocked = (what, cause) =>
  new TransferError("LOAD_BLOCKED", `The page's Content Security Policy forbids the module: ${what}.`, { cause });

/** Notices what the page's Content Security Policy forbids: the failures themselves look like a broken network. */
export function watchPolicy() {
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
