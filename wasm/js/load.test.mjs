// Every way in which the module cannot be loaded: the page hears of it once and keeps its native behaviour.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { loadTransfer } from "./loader.js";
import { builtModule, importer, serve } from "./support.mjs";

let built;
before(() => (built = builtModule()));

const answer = (status, type, content) => (response) => {
  response.writeHead(status, type ? { "content-type": type } : {});
  response.end(content);
  return true;
};

/** Loads from a server that answers one path in its own way, and checks that the page falls back. */
async function fails(t, code, message, path, how) {
  const { baseUrl } = await serve(t, built, (request, response) => path && request.url.startsWith(`/wasm/${path}`) && how(response));
  await failsAt(baseUrl, code, message);
}

async function failsAt(baseUrl, code, message) {
  const faults = [];
  const transfer = await loadTransfer({ baseUrl, importScript: importer(), onFault: (fault) => faults.push(fault) });
  assert.equal(faults.length, 1);
  assert.equal(faults[0].code, code, faults[0].message);
  assert.match(faults[0].message, message);
  assert.equal(transfer.native, true);
  assert.equal(transfer.rules, "");
  assert.equal(transfer.decide({ wire: 1 }), null);
  await assert.rejects(transfer.dispatch("directory", {}), { code });
  transfer.close();
  assert.equal(globalThis.Go, undefined, "the page's globals are as they were");
}

test("the manifest is not there", (t) => fails(t, "LOAD_NOT_FOUND", /manifest.json was answered with status 404/, "manifest", answer(404)));
test("the backend has no module", (t) =>
  fails(t, "LOAD_FAILED", /status 503: Build it first\./, "manifest", answer(503, "application/json", '{"code":"MODULE_NOT_BUILT","message":"Build it first."}')));
test("a page of HTML instead of the manifest", (t) => fails(t, "LOAD_WRONG_TYPE", /not the manifest/, "manifest", answer(200, "text/html", "<html>")));
test("a manifest that leads elsewhere", (t) =>
  fails(t, "LOAD_WRONG_TYPE", /not the manifest/, "manifest", answer(200, "application/json", '{"module":"../x.wasm","exec":"y.js","rules":"z","glue":"js.0123456789abcdef/glue.js"}')));
test("a manifest whose glue leads elsewhere", (t) =>
  fails(t, "LOAD_WRONG_TYPE", /not the manifest/, "manifest", answer(200, "application/json", '{"module":"x.wasm","exec":"y.js","rules":"z","glue":"js/../../x.js"}')));
test("the glue is not there", (t) => fails(t, "LOAD_NOT_FOUND", /glue\.js was answered with status 404/, "js.", answer(404)));
test("a page of HTML instead of the glue", (t) => fails(t, "LOAD_WRONG_TYPE", /came as text\/html/, "js.", answer(200, "text/html", "<html>")));
test("glue that is none", (t) => fails(t, "LOAD_INVALID", /not the module's glue/, "js.", answer(200, "text/javascript", "export default 1;")));
test("the module is not there", (t) => fails(t, "LOAD_NOT_FOUND", /transfer\..*404/, "transfer.", answer(404)));
test("a page of HTML instead of the module", (t) => fails(t, "LOAD_WRONG_TYPE", /came as text\/html/, "transfer.", answer(200, "text/html", "<html>")));
test("a module with no type that is none", (t) => fails(t, "LOAD_WRONG_TYPE", /came as no type/, "transfer.", answer(200, "", "what?")));
test("a damaged module", (t) => fails(t, "LOAD_INVALID", /is damaged/, "transfer.", answer(200, "application/wasm", built.wasm.subarray(0, 5000))));
test("a damaged module of another type", (t) => fails(t, "LOAD_INVALID", /is damaged/, "transfer.", answer(200, "application/octet-stream", built.wasm.subarray(0, 5000))));
test("the support script is not there", (t) => fails(t, "LOAD_NOT_FOUND", /wasm_exec/, "wasm_exec", answer(404)));
test("a support script that is none", (t) => fails(t, "LOAD_INVALID", /not Go's support script/, "wasm_exec", answer(200, "text/javascript", "1")));
test("a support script that does not run", (t) => fails(t, "LOAD_INVALID", /does not run/, "wasm_exec", answer(200, "text/javascript", "}")));
test("a page of HTML instead of the support script", (t) => fails(t, "LOAD_WRONG_TYPE", /came as text\/html/, "wasm_exec", answer(200, "text/html", "<html>")));
test("a module whose program does not register", (t) => {
  const empty = Buffer.from("0061736d01000000", "hex"); // valid, with nothing in it
  return fails(t, "MODULE_STOPPED", /ended as it began/, "transfer.", answer(200, "application/wasm", empty));
});

test("nobody answers", async (t) => {
  const server = await serve(t, built);
  await server.close();
  await failsAt(server.baseUrl, "LOAD_UNREACHABLE", /cannot be reached/);
});

test("no WebAssembly", async (t) => {
  const { baseUrl } = await serve(t, built);
  const kept = globalThis.WebAssembly;
  delete globalThis.WebAssembly;
  try {
    await failsAt(baseUrl, "NO_WEBASSEMBLY", /has no WebAssembly/);
  } finally {
    Object.defineProperty(globalThis, "WebAssembly", { value: kept, configurable: true, writable: true });
  }
});

test("the page's policy forbids WebAssembly", async (t) => {
  const { baseUrl } = await serve(t, built);
  t.mock.method(WebAssembly, "compileStreaming", async () => {
    throw new WebAssembly.CompileError("WebAssembly.compileStreaming(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive");
  });
  await failsAt(baseUrl, "LOAD_BLOCKED", /must allow 'wasm-unsafe-eval'/);
});

test("the page's policy forbids the backend", async (t) => {
  const listeners = new Set();
  globalThis.document = {
    baseURI: "https://flex.example/",
    addEventListener: (type, listener) => type === "securitypolicyviolation" && listeners.add(listener),
    removeEventListener: (type, listener) => listeners.delete(listener),
  };
  t.after(() => delete globalThis.document);
  const blocked = { disposition: "enforce", blockedURI: "https://backend.example/wasm/manifest.json", effectiveDirective: "connect-src" };
  const faults = [];
  await loadTransfer({
    baseUrl: "https://backend.example",
    onFault: (fault) => faults.push(fault),
    fetch: async () => {
      setTimeout(() => listeners.forEach((listener) => listener(blocked)));
      throw new TypeError("Failed to fetch");
    },
  });
  assert.deepEqual(faults.map((fault) => fault.code), ["LOAD_BLOCKED"]);
  assert.match(faults[0].message, /connect-src does not allow https:\/\/backend/);
  assert.equal(listeners.size, 0, "it listens no more");
});

test("a module of another type is taken for what it is", async (t) => {
  for (const type of ["application/octet-stream", ""]) {
    const { baseUrl } = await serve(t, built, (request, response) => request.url.startsWith("/wasm/transfer.") && answer(200, type, built.wasm)(response));
    const transfer = await loadTransfer({ baseUrl, importScript: importer(), onFault: (fault) => assert.fail(fault.message) });
    assert.equal(transfer.native, false);
    assert.equal(transfer.decide({ wire: 1 }).rules, built.manifest.rules);
    transfer.close();
  }
});

test("another Go program's class stays in the page", async (t) => {
  const { baseUrl } = await serve(t, built);
  globalThis.Go = "another's";
  t.after(() => delete globalThis.Go);
  const transfer = await loadTransfer({ baseUrl: `${baseUrl}/`, importScript: importer(), onFault: (fault) => assert.fail(fault.message) });
  assert.equal(globalThis.Go, "another's");
  assert.deepEqual(Object.keys(globalThis).filter((name) => name.startsWith("__flexTransfer")), []);
  transfer.close();
});
