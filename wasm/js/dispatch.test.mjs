// dispatch, from the page to a backend on loopback and back.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { loadTransfer } from "./loader.js";
import { builtModule, faultyModule, importer, serve, until, watchForStrayErrors } from "./support.mjs";

let shipped;
let hasty; // it waits for the backend only a second
before(() => ([shipped, hasty] = [builtModule(), faultyModule()]));

async function load(t, handle, { module = shipped, ...options } = {}) {
  watchForStrayErrors(t);
  const requests = [];
  const instances = [];
  const server = await serve(t, module, (request, response, body) => {
    if (!request.url.startsWith("/v1/")) return false;
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    return handle(response, request, body) ?? true;
  });
  const transfer = await loadTransfer({
    baseUrl: server.baseUrl, importScript: importer(instances), onFault: (fault) => assert.fail(fault.message), ...options,
  });
  t.after(() => transfer.close());
  return { transfer, requests, server, instances };
}

const json = (status, body) => (response) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

test("a transfer is posted with its token, key and body", async (t) => {
  const { transfer, requests } = await load(t, json(201, { id: "t-1", target: { name: "Zoë 😀" } }));
  const body = { wire: 1, mode: "cold", note: "ünïcödé" };
  const result = await transfer.dispatch("transfer", { token: "secret", idempotencyKey: "key 1", body });
  assert.deepEqual(result, { status: 201, body: { id: "t-1", target: { name: "Zoë 😀" } } });
  assert.equal(requests.length, 1);
  const { method, url, headers, body: sent } = requests[0];
  assert.deepEqual([method, url, JSON.parse(sent)], ["POST", "/v1/transfers", body]);
  assert.equal(headers.authorization, "Bearer secret");
  assert.equal(headers["idempotency-key"], "key 1");
  assert.equal(headers["content-type"], "application/json");
});

test("a cancel and a departure are posted, without a key", async (t) => {
  const { transfer, requests } = await load(t, json(200, { phase: "withdrawing" }));
  const body = { wire: 1, taskSid: "" };
  assert.deepEqual(await transfer.dispatch("cancel", { token: "t", id: "XT/1", body }), { status: 200, body: { phase: "withdrawing" } });
  await transfer.dispatch("depart", { token: "t", body: { wire: 1, kind: "leave" } });
  assert.deepEqual(requests.map((r) => [r.method, r.url, JSON.parse(r.body)]), [
    ["POST", "/v1/transfers/XT%2F1/cancel", body],
    ["POST", "/v1/departures", { wire: 1, kind: "leave" }],
  ]);
  for (const { headers } of requests) {
    assert.equal(headers["idempotency-key"], undefined);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers.authorization, "Bearer t");
  }
});

test("a transfer and the directory are fetched", async (t) => {
  const { transfer, requests } = await load(t, json(200, {}));
  await transfer.dispatch("fetchTransfer", { token: "t", id: "a/b" });
  await transfer.dispatch("directory", { token: "t", interactionSid: "KD1", taskSid: undefined });
  assert.deepEqual(requests.map((r) => [r.method, r.url, r.body]), [
    ["GET", "/v1/transfers/a%2Fb", ""],
    ["GET", "/v1/directory?interactionSid=KD1", ""],
  ]);
  assert.equal(requests[1].headers["idempotency-key"], undefined);
});

test("errors of the backend are results", async (t) => {
  const { transfer } = await load(t, json(422, { code: "TARGET_UNAVAILABLE", message: "No." }));
  assert.deepEqual(await transfer.dispatch("directory", { token: "t" }), { status: 422, body: { code: "TARGET_UNAVAILABLE", message: "No." } });
});

test("what is no JSON comes from somebody else", async (t) => {
  const { transfer } = await load(t, (response) => {
    response.writeHead(502, { "content-type": "text/html" });
    response.end("<h1>Bad gateway</h1>");
  });
  const { status, body } = await transfer.dispatch("directory", { token: "t" });
  assert.deepEqual([status, body.code], [502, "BACKEND_ERROR"]);
});

test("a backend that cannot be reached, hangs up or breaks off", async (t) => {
  const { transfer, server } = await load(t, (response, request) => {
    if (request.url.endsWith("half")) {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
    }
    setTimeout(() => response.destroy(), 10);
  });
  for (const id of ["none", "half"]) {
    const { status, body } = await transfer.dispatch("fetchTransfer", { token: "t", id });
    assert.deepEqual([status, body.code], [0, "BACKEND_UNREACHABLE"], id);
  }
  await server.close();
  const { status, body } = await transfer.dispatch("directory", { token: "t" });
  assert.deepEqual([status, body.code], [0, "BACKEND_UNREACHABLE"]);
});

test("a backend that does not answer in time is given up, and the request aborted", async (t) => {
  let arrived = 0, closed = 0; // on a busy machine the time may be over before a request arrives
  const signals = [];
  const { transfer } = await load(t, (response, request) => {
    arrived++;
    response.on("close", () => closed++);
    if (request.url.endsWith("half")) response.write("{");
  }, { module: hasty, fetch: (url, options) => (url.includes("/v1/") && signals.push(options.signal), fetch(url, options)) });
  const began = Date.now();
  const results = await Promise.all(["none", "half"].map((id) => transfer.dispatch("fetchTransfer", { token: "t", id })));
  for (const { status, body } of results) assert.deepEqual([status, body.code], [0, "BACKEND_TIMEOUT"]);
  assert.ok(Date.now() - began >= 4990, "it was given its time");
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, true]);
  await until(() => closed === arrived, "the backend is told of it");
});

test("a fetch that throws, or knows nothing of aborting, does no harm", async (t) => {
  let how = () => { throw new Error("no"); };
  const { transfer } = await load(t, json(200, {}), {
    module: hasty, fetch: (url, options) => (url.includes("/v1/") ? how(url, options) : fetch(url, options)),
  });
  assert.equal((await transfer.dispatch("directory", { token: "t" })).body.code, "BACKEND_UNREACHABLE");
  how = () => undefined;
  assert.equal((await transfer.dispatch("directory", { token: "t" })).body.code, "BACKEND_UNREACHABLE");
  how = async () => ({ status: "x" });
  assert.equal((await transfer.dispatch("directory", { token: "t" })).body.code, "BACKEND_UNREACHABLE");
  how = async () => ({ status: 200, text: async () => ({}) });
  assert.equal((await transfer.dispatch("directory", { token: "t" })).body.code, "BACKEND_UNREACHABLE");
  how = () => new Promise(() => {});
  assert.equal((await transfer.dispatch("directory", { token: "t" })).body.code, "BACKEND_TIMEOUT");
  assert.equal(transfer.restarts, 0);
});

test("wrong arguments are refused before anything is sent", async (t) => {
  const { transfer, requests } = await load(t, json(200, {}));
  const refused = (name, args, message) => assert.rejects(transfer.dispatch(name, args), { code: "BAD_ARGUMENTS", message });
  await refused("nothing", {}, /name/);
  await refused("directory", {}, /token/);
  await refused("transfer", { token: "t", body: {} }, /idempotencyKey/);
  await refused("transfer", { token: "t", idempotencyKey: "ö", body: {} }, /idempotencyKey/);
  await refused("transfer", { token: "t\n", idempotencyKey: "k", body: {} }, /token/);
  await refused("cancel", { token: "t", body: {} }, /id: is missing/);
  await refused("depart", { token: "t" }, /body: is missing/);
  await refused("fetchTransfer", { token: "t", id: 7 }, /id: .*expected a string/);
  await refused("directory", { token: "t", colour: "red" }, /colour/);
  await assert.rejects(transfer.dispatch("directory", { token: 1n }), TypeError);
  assert.equal(requests.length, 0);
  assert.equal(transfer.pending, 0);
});

test("a thousand dispatches leave nothing behind", async (t) => {
  const { transfer, instances } = await load(t, json(200, { ok: true }), { module: hasty });
  const [go] = instances;
  const rounds = async (n) => {
    for (let i = 0; i < n; i++) {
      await Promise.all(Array.from({ length: 20 }, (_, k) => transfer.dispatch(k % 2 ? "directory" : "hack", { token: "t" }).catch(() => {})));
    }
    // Go lets go of JavaScript's values as it collects its own; then it says how many objects it has left.
    const collect = () => transfer.dispatch("collect", { token: "t" }).then(assert.fail, (error) => Number(error.message));
    await collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { objects: await collect(), values: go._ids.size };
  };
  const before = await rounds(5);
  const after = await rounds(50);
  assert.equal(transfer.pending, 0);
  assert.ok(before.objects > 100, `Go has only ${before.objects} objects: they are not counted`);
  assert.ok(after.objects < before.objects + 500, `the objects of Go grew from ${before.objects} to ${after.objects}`);
  assert.ok(after.values < before.values + 100, `the values that Go refers to grew from ${before.values} to ${after.values}`);
  assert.ok(go._scheduledTimeouts.size <= 1, "no timer is left");
});

test("what could not be begun for all who stand in line is asked again, with its key", async (t) => {
  let n = 0;
  const { transfer, requests } = await load(t, (response) =>
    json(++n < 3 ? 429 : 201, n < 3 ? { code: "TWILIO_BUSY", message: "Busy." } : { id: "t-1" })(response));
  const result = await transfer.dispatch("transfer", { token: "t", idempotencyKey: "key 1", body: { wire: 1 } });
  assert.deepEqual(result, { status: 201, body: { id: "t-1" } });
  assert.deepEqual(requests.map((r) => r.headers["idempotency-key"]), ["key 1", "key 1", "key 1"]);
});

test("an agent who asks too much is told so at once", async (t) => {
  const { transfer, requests } = await load(t, json(429, { code: "TOO_MANY_REQUESTS", message: "Slowly." }));
  const { status } = await transfer.dispatch("transfer", { token: "t", idempotencyKey: "k", body: { wire: 1 } });
  assert.deepEqual([status, requests.length], [429, 1]);
});
