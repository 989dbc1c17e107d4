// What a page sees when the module fails, stops or is closed. The module here is built with faults, see
// wasm/bridge/faults.go, and waits a second for the backend, not 15.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { startInstance } from "./instance.js";
import { loadTransfer } from "./loader.js";
import { faultyModule, importer, serve, until, watchForStrayErrors } from "./support.mjs";

let module;
before(() => (module = faultyModule()));

const question = { wire: 1 };

/** Loads the faulty module, with a backend that answers as told. */
async function load(t, handle, options = {}) {
  watchForStrayErrors(t);
  const { baseUrl } = await serve(t, module, handle);
  const seen = { faults: [], restarts: 0, instances: [] };
  const transfer = await loadTransfer({
    baseUrl, importScript: importer(seen.instances),
    onFault: (fault) => seen.faults.push(fault.code), onRestart: () => seen.restarts++,
    ...options,
  });
  t.after(() => transfer.close());
  assert.equal(transfer.native, false, `it did not load: ${seen.faults}`);
  return { transfer, seen, baseUrl };
}

/** A backend that never answers under /v1, until release() is called. */
function silent() {
  const waiting = [];
  const handle = (request, response) => {
    if (!request.url.startsWith("/v1/")) return false;
    waiting.push(response);
    return true;
  };
  return { handle, waiting, release: () => waiting.splice(0).forEach((response) => response.end("{}")) };
}

test("a panic in a dispatch is an error, and the module lives on", async (t) => {
  const { transfer } = await load(t);
  for (let i = 0; i < 3; i++) {
    await assert.rejects(transfer.dispatch("panic", { token: "t" }), { code: "PANIC", message: /on demand/ });
  }
  assert.equal(transfer.decide(question).wire, 1);
  assert.equal(transfer.restarts, 0);
});

test("a panic in an export is an answer, and the module lives on", async (t) => {
  const { exports } = await bare(t);
  const panic = { wire: 1, error: { code: "PANIC", message: "the module failed: on demand" } };
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(JSON.parse(exports.panic()), panic);
    assert.deepEqual(JSON.parse(exports.decide("panic, please")), panic);
    assert.equal(JSON.parse(exports.decide('{"wire":1}')).screen.button.state, "hidden");
  }
});

test("an export that is called wrongly says so", async (t) => {
  const { exports, settled } = await bare(t);
  for (const args of [[], ["1"], [{}], [0], [-1], [1e12]]) assert.equal(JSON.parse(exports.reserve(...args)).error.code, "BAD_ARGUMENTS");
  assert.equal(JSON.parse(exports.dispatch("1")).error.code, "BAD_ARGUMENTS");
  assert.equal(exports.dispatch(1), null);
  assert.equal(exports.dispatch(2, "directory", {}), null);
  await until(() => settled.length === 2, "both are settled");
  assert.deepEqual(settled.map(([id, ok, json]) => [id, ok, JSON.parse(json).error.message]).sort(), [
    [1, false, "name: expected a string"],
    [2, false, "arguments: expected a string"],
  ]);
});

test("text of any kind crosses the border unharmed", async (t) => {
  const { exports } = await bare(t);
  const name = "Zoë 😀 \u2028 \"\\ \u0000 李";
  const worker = { sid: "WK1", friendly_name: name, attributes: "{}", available: true };
  const answer = JSON.parse(exports.decide(JSON.stringify({ wire: 1, workers: [worker] })));
  assert.equal(answer.screen.targets[0].name, name);
  const half = JSON.parse(exports.decide(`{"wire":1,"workers":[{"sid":"WK1","friendly_name":"\ud83d"}]}`));
  assert.equal(half.screen.targets[0].name, "\ufffd");
});

test("questions of any length are answered, also when the memory has grown", async (t) => {
  const { exports } = await bare(t);
  const ask = (name) => JSON.parse(exports.decide(JSON.stringify({ wire: 1, workers: [{ sid: "WK1", friendly_name: name }] })));
  for (const length of [1, 65_000, 66_000, 1_000_000, 10, 5_000_000, 65_536]) {
    for (const letter of ["x", "ö", "李", "😀"]) {
      const name = letter.repeat(length);
      assert.equal(ask(name).screen.targets[0].name, name, `${length} times ${letter}`);
    }
  }
  const tooLong = exports.decide(" ".repeat(70_000_000));
  assert.equal(JSON.parse(tooLong).error.code, "BAD_ARGUMENTS");
  assert.equal(ask("after").screen.targets[0].name, "after");
});

test("an instance that dies is noticed, what is pending is rejected, and another one starts", async (t) => {
  const backend = silent();
  const { transfer, seen } = await load(t, backend.handle);
  const pending = [transfer.dispatch("directory", { token: "t" }), transfer.dispatch("fetchTransfer", { token: "t", id: "x" })];
  await until(() => backend.waiting.length === 2, "the backend is asked");
  const dying = transfer.dispatch("die", { token: "t" });
  await Promise.all([...pending, dying].map((promise) => assert.rejects(promise, { code: "MODULE_STOPPED", message: /exit code 2/ })));
  assert.equal(transfer.pending, 0);
  assert.equal(transfer.decide(question), null, "there is no answer meanwhile");
  assert.equal(transfer.native, false);
  const patient = assert.rejects(transfer.dispatch("hack", {}), { code: "BAD_ARGUMENTS" }); // waits for the next instance
  backend.release(); // answers for the dead one must not throw into the page
  await until(() => seen.restarts === 1, "it starts anew");
  assert.equal(transfer.restarts, 1);
  assert.equal(transfer.decide(question).wire, 1);
  await patient;
  await new Promise((resolve) => setTimeout(resolve, 5200)); // beyond the dead instance's timers
  assert.deepEqual(seen.faults, []);
  assert.equal(seen.instances.length, 2);
});

test("an instance whose exports vanish is found out when it is asked", async (t) => {
  const { transfer, seen } = await load(t);
  seen.instances[0].exited = true; // as when it ended and nobody heard of it
  assert.equal(transfer.decide(question), null);
  await until(() => seen.restarts === 1, "it starts anew");
  assert.equal(transfer.decide(question).wire, 1);
});

test("a module that stops again and again is given up", async (t) => {
  const { transfer, seen } = await load(t);
  let stops = 0;
  for (; !transfer.native && stops < 20; stops++) {
    await assert.rejects(transfer.dispatch("die", { token: "t" }), { code: stops < 5 ? "MODULE_STOPPED" : /MODULE/ });
  }
  assert.equal(stops, 6);
  assert.deepEqual(seen.faults, ["MODULE_GAVE_UP"]);
  assert.equal(transfer.decide(question), null);
  await assert.rejects(transfer.dispatch("directory", { token: "t" }), { code: "MODULE_GAVE_UP" });
  assert.equal(transfer.pending, 0);
});

test("instances live side by side, and closing one leaves the other", async (t) => {
  const backend = silent();
  const { transfer: first, baseUrl } = await load(t, backend.handle);
  const second = await loadTransfer({ baseUrl, importScript: (url) => (url.includes("wasm_exec") ? assert.fail("the script runs once in a page") : importer()(url)) });
  t.after(() => second.close());
  const pending = first.dispatch("directory", { token: "t" });
  await until(() => backend.waiting.length === 1, "the backend is asked");
  first.close();
  first.close();
  await assert.rejects(pending, { code: "MODULE_STOPPED", message: /closed/ });
  assert.equal(first.decide(question), null);
  assert.equal(first.native, true);
  await assert.rejects(first.dispatch("directory", { token: "t" }), { code: "MODULE_STOPPED" });
  assert.equal(second.decide(question).wire, 1);
  assert.equal(first.restarts, 0);
});

test("closing while it starts anew ends it", async (t) => {
  const { transfer, seen } = await load(t);
  await assert.rejects(transfer.dispatch("die", { token: "t" }), { code: "MODULE_STOPPED" });
  const waiting = transfer.dispatch("directory", { token: "t" });
  transfer.close();
  await assert.rejects(waiting, { code: "MODULE_STOPPED" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(seen.instances.length, 1);
});

/** The module without the loader, for calls that the loader does not make. */
async function bare(t) {
  const { baseUrl } = await serve(t, module);
  await importer()(`${baseUrl}/wasm/${module.manifest.exec}`);
  const Go = globalThis.Go;
  delete globalThis.Go;
  const settled = [];
  let ended;
  const exit = new Promise((resolve) => (ended = resolve));
  const compiled = await WebAssembly.compile(module.wasm);
  const { exports } = await startInstance({ Go, compiled }, { fetch, settle: (...args) => settled.push(args), onExit: (_, why) => ended(why) });
  t.after(async () => {
    exports.stop();
    assert.equal(await exit, "exit code 0");
  });
  return { exports, settled };
}
