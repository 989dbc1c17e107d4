// The client of the stream, against servers on loopback that behave well and badly.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openEvents } from "./events.js";
import { eventParser } from "./sse.js";
import { serve, until, watchForStrayErrors } from "./support.mjs";

const head = (response, status = 200, type = "text/event-stream") => response.writeHead(status, { "content-type": type });

/** Opens a stream to a server that answers each connection by the next of the handlers, the last one again and again. */
async function open(t, handlers, options = {}) {
  watchForStrayErrors(t);
  const seen = { requests: [], events: [], states: [], errors: [], closed: 0 };
  const { baseUrl, close } = await serve(t, null, (request, response) => {
    const n = seen.requests.push({ url: request.url, at: Date.now(), ...request.headers });
    response.on("close", () => seen.closed++);
    handlers[Math.min(n, handlers.length) - 1](response, request);
    return true;
  });
  const stream = openEvents({
    baseUrl, token: () => "secret", firstWait: 20, silence: 2000,
    onEvent: (event) => seen.events.push(event),
    onState: (state, error) => {
      seen.states.push(state);
      if (error) seen.errors.push(error);
    },
    ...options,
  });
  t.after(() => stream.close());
  return { stream, seen, stopServer: close };
}

const sends = (...texts) => async (response) => {
  head(response);
  for (const text of texts) {
    response.write(text);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const sendsAndEnds = (...texts) => async (response) => {
  await sends(...texts)(response);
  response.end();
};

test("events arrive with their type, id and data", async (t) => {
  const { seen, stream } = await open(t, [
    sends('event: hello\ndata: {"rules":"abc"}\n\n', ": still here\n\n", 'id: 7\nevent: trans', 'fer\ndata: {"id":"ö"}\n', "\n"),
  ]);
  await until(() => seen.events.length === 2, "two events");
  assert.deepEqual(seen.events, [
    { id: "", type: "hello", data: { rules: "abc" } },
    { id: "7", type: "transfer", data: { id: "ö" } },
  ]);
  const [request] = seen.requests;
  assert.deepEqual([request.url, request.authorization, request["last-event-id"]], ["/v1/events", "Bearer secret", undefined]);
  assert.deepEqual(seen.states, ["connecting", "open"]);
  assert.equal(stream.lastEventId, "7");
});

test("a stream that ends goes on after the last event", async (t) => {
  const { seen, stream } = await open(t, [
    sendsAndEnds('id: 1\ndata: {"n":1}\n\n', 'id: 2\ndata: {"n":2}\n\n', 'data: {"half'),
    sends('id: 3\ndata: {"n":3}\n\n'),
  ]);
  await until(() => seen.events.length === 3, "three events");
  assert.deepEqual(seen.events.map((event) => event.data.n), [1, 2, 3]);
  assert.equal(seen.requests[1]["last-event-id"], "2");
  assert.deepEqual(seen.states, ["connecting", "open", "waiting", "connecting", "open"]);
  assert.equal(stream.lastEventId, "3");
});

test("it begins after the event that the page names", async (t) => {
  const { seen } = await open(t, [sends(": hi\n\n")], { lastEventId: "41" });
  await until(() => seen.requests.length === 1, "a connection");
  assert.equal(seen.requests[0]["last-event-id"], "41");
});

test("a refused token is replaced", async (t) => {
  const asked = [];
  const refuse = (response) => {
    head(response, 401, "application/json");
    response.end('{"code":"UNAUTHORIZED","message":"Sign in again."}');
  };
  const { seen } = await open(t, [refuse, sendsAndEnds('data: {}\n\n'), sends('data: {}\n\n')], {
    token: async (about) => asked.push(about) && (about.expired ? "new" : "old"),
  });
  await until(() => seen.events.length === 2, "events");
  assert.deepEqual(asked, [{ expired: false }, { expired: true }, { expired: false }]);
  assert.deepEqual(seen.requests.map((r) => r.authorization), ["Bearer old", "Bearer new", "Bearer old"]);
  assert.deepEqual([seen.errors[0].status, seen.errors[0].code, seen.errors[0].message], [401, "UNAUTHORIZED", "Sign in again."]);
});

test("a page that has no token, or throws for one, is asked again", async (t) => {
  const tokens = [() => "", () => { throw new Error("not yet"); }, () => "here"];
  const { seen } = await open(t, [sends("data: {}\n\n")], { token: () => tokens.shift()() });
  await until(() => seen.events.length === 1, "an event");
  assert.deepEqual(seen.errors.map((error) => error.message), ["there is no token", "not yet"]);
  assert.equal(seen.requests.length, 1);
});

// After the fifth failure in a row it would wait 320 ms or more.
test("failures make it wait longer each time, and success makes it quick again", async (t) => {
  const fail = (response) => {
    head(response, 503, "application/json");
    response.end("{}");
  };
  const asked = []; // what it waits: how late a busy machine then is says nothing
  const begin = globalThis.setTimeout;
  t.mock.method(globalThis, "setTimeout", (run, ms) => (ms > 5 && ms < 499 && asked.push(ms), begin(run, ms))); // 499 is fetch's own
  const { seen } = await open(t, [fail, fail, fail, fail, sendsAndEnds(": ok\n\n"), fail], { firstWait: 40 });
  await until(() => seen.requests.length === 6, "six connections");
  [40, 80, 160, 320, 40].forEach((longest, i) =>
    assert.ok(asked[i] >= longest / 2 && asked[i] <= longest, `the wait ${i + 1} was ${asked[i]} ms, want ${longest / 2} to ${longest}`));
});

test("a silent connection is opened anew", async (t) => {
  const { seen } = await open(t, [sends("data: {}\n\n"), (response) => void response.socket, sends("data: {}\n\n")], { silence: 150 });
  await until(() => seen.events.length >= 2, "two events");
  assert.ok(seen.errors.length >= 2 && seen.errors.every((error) => error.message === "the stream has gone silent"), String(seen.errors));
  await until(() => seen.closed >= 2, "the silent connections are closed");
});

test("heartbeats keep it open", async (t) => {
  const beats = (response) => {
    head(response);
    const timer = setInterval(() => response.write(": still here\n\n"), 50);
    response.on("close", () => clearInterval(timer));
  };
  for (let tries = 1; ; tries++) { // a machine that stands still for a second is as silent as a connection
    const { seen, stream } = await open(t, [beats], { silence: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    if (seen.states.join() === "connecting,open" && seen.requests.length === 1) return;
    stream.close();
    assert.ok(tries < 5, seen.states.join());
  }
});

test("what is no stream of events is an error", async (t) => {
  const { seen } = await open(t, [(response) => head(response, 200, "text/html").end("<html>"), sends("data: {}\n\n")]);
  await until(() => seen.events.length === 1, "an event");
  assert.match(seen.errors[0].message, /not a stream of events, but text\/html/);
});

test("a server that is gone is tried until it is back", async (t) => {
  const { seen, stopServer } = await open(t, [sends("data: {}\n\n")]);
  await until(() => seen.events.length === 1, "an event");
  await stopServer();
  await until(() => seen.states.filter((state) => state === "waiting").length >= 3, "it tries again");
});

test("closing ends it at once and for good", async (t) => {
  const { seen, stream } = await open(t, [sends("data: {}\n\n")]);
  await until(() => seen.events.length === 1, "an event");
  stream.close();
  stream.close();
  assert.deepEqual(seen.states, ["connecting", "open", "closed"]);
  await until(() => seen.closed === 1, "the connection is closed");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(seen.requests.length, 1);
  assert.equal(seen.states.length, 3);
});

test("closing ends the waiting, and a token or an answer that never comes", async (t) => {
  for (const [handlers, options, state] of [
    [[(response) => response.destroy()], { firstWait: 60_000 }, "waiting"],
    [[() => {}], {}, "connecting"],
    [[() => {}], { token: () => new Promise(() => {}) }, "connecting"],
  ]) {
    const { seen, stream } = await open(t, handlers, options);
    await until(() => seen.states.at(-1) === state, state);
    stream.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(seen.states.at(-1), "closed");
  }
});

test("a mistake in the page's own functions does not end the stream", async (t) => {
  const complaints = [];
  t.mock.method(console, "error", (error) => complaints.push(error.message));
  let events = 0;
  const { seen, stream } = await open(t, [sends('id: 1\ndata: {}\n\nid: 2\ndata: nonsense\n\nid: 3\ndata: {}\n\n')], {
    onEvent: () => {
      events++;
      throw new Error("a mistake");
    },
  });
  await until(() => stream.lastEventId === "3", "all events");
  assert.equal(events, 2);
  assert.equal(complaints.length, 3);
  assert.equal(seen.requests.length, 1);
});

test("the format is read however it is cut", () => {
  const text = '\n: comment\n\ndata\n\nevent:a\rdata:1\r\r\nid: 5\r\ndata: two\r\ndata:  three\r\n\r\nunknown: x\nretry: 5\nevent: none\n\nid\ndata: {"a":"b:c"}\n\ndata: unfinished\n';
  const want = [
    { type: "message", data: "" },
    { type: "a", data: "1" },
    { type: "message", id: "5", data: "two\n three" },
    { type: "message", id: "", data: '{"a":"b:c"}' },
  ];
  for (let size = 1; size <= text.length; size++) {
    const got = [];
    const parse = eventParser((event) => got.push(event));
    for (let i = 0; i < text.length; i += size) parse(text.slice(i, i + size));
    assert.deepEqual(got, want, `in pieces of ${size}`);
  }
});
