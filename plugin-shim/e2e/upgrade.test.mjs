// The plugin stays as it was deployed, and the backend is upgraded beneath it: to a build whose module is asked in another way,
// while an agent talks and before Flex starts, and to one that does not serve this plugin any more.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { createServer, request } from "node:http";
import {
  accept, agentsIn, begin, byTest, choose, clear, endOrComplete, eventually, first, goes, line, NOTED, openAgent, picture, send, shown, startAll,
  startBrowser, state, talkTo, TEST_MS,
} from "./support.mjs";

let door;
let server;
let browser;

before(async () => {
  door = await startUpgradable();
  server = await startAll(["--multi-participant", "--plugin-backend", door.url]);
  door.target = server.backend;
  browser = await startBrowser(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
  door?.close();
});

afterEach(async (t) => {
  if (!t.passed) await Promise.all(browser.contexts().flatMap((context) => context.pages()).map((page, i) => picture({ page }, `plugin-failed-upgrade-${i}`)));
  await Promise.all(browser.contexts().map((context) => context.close()));
  await clear(server);
  await goes(server, "bea", "Offline");
});

const OFF = "Transfers are off on this page";
const FIT = "do not fit together";
const LATER = "fedcba9876543210"; // the hashes of the later builds

/** What a build changes in the files that it serves, by name. */
const BUILDS = {
  present: {},
  // The module's function decide has another name, which only the glue of the same build knows.
  later: {
    "transfer.wasm": (bytes) => replaced(bytes, Buffer.from("\x06decide\x00", "latin1"), Buffer.from("\x06settle\x00", "latin1")),
    "instance.js": (text) => replaced(text, "read(wasm[name](length))", 'read(wasm[name === "decide" ? "settle" : name](length))'),
    "glue.js": (text) => replaced(replaced(text, "contracts = [1]", "contracts = [1, 2]"), "await transfer.start();", "await transfer.start();\n  globalThis.laterBuild = true;"),
  },
  foreign: { "glue.js": (text) => replaced(text, "contracts = [1]", "contracts = [2]") },
};

function replaced(content, from, to) {
  const at = content.indexOf(from);
  assert.ok(at >= 0, `there is no ${from} to be changed`);
  if (typeof content === "string") return content.replace(from, () => to);
  const changed = Buffer.from(content);
  to.copy(changed, at);
  return changed;
}

/** Stands in front of the backend and makes another build of it: build is one of BUILDS. */
async function startUpgradable() {
  const open = new Set();
  const names = {}; // of the files of the build that is there, by those of the later ones
  let rules = "";
  const it = { target: null, build: "present", shut: () => open.forEach((socket) => socket.destroy()), close() { it.shut(); listener.close(); } };
  const changed = (text) => (it.build === "present" || !rules ? text : text.replaceAll(rules, LATER));

  /** The file as it is in the later build. */
  const file = async (name) => {
    const path = names[name] ?? name;
    const change = BUILDS[it.build][/^transfer\./.test(name) ? "transfer.wasm" : name.split("/").at(-1)] ?? ((same) => same);
    const answer = await fetch(new URL(`/wasm/${path}`, it.target));
    if (!/\.js$/.test(name)) return [answer, change(Buffer.from(await answer.arrayBuffer()))];
    return [answer, change(await answer.text())];
  };
  const manifest = async () => {
    const answer = await fetch(new URL("/wasm/manifest.json", it.target));
    const { glue, module, ...rest } = await answer.json();
    rules = rest.rules;
    if (it.build === "present") return [answer, JSON.stringify({ glue, module, ...rest })];
    const folder = `js.${it.build}${LATER}`;
    names.folder = glue.replace("/glue.js", "");
    names[`transfer.${LATER}.wasm`] = module;
    return [answer, JSON.stringify({ ...rest, glue: `${folder}/glue.js`, module: `transfer.${LATER}.wasm`, rules: LATER })];
  };
  const ofLater = (name) => {
    const [folder, script] = name.split("/");
    if (script && folder === `js.${it.build}${LATER}`) names[name] = `${names.folder}/${script}`;
    return name in names;
  };
  const listener = createServer(async (from, to) => {
    try {
      const { pathname } = new URL(from.url, it.target);
      const name = pathname.replace(/^\/wasm\//, "");
      if (from.method !== "OPTIONS" && pathname === "/wasm/manifest.json") return reply(from, to, await manifest());
      if (from.method !== "OPTIONS" && ofLater(name)) return reply(from, to, await file(name));
      forward(from, to);
    } catch (error) {
      to.destroy(error);
    }
  });
  const reply = (from, to, [answer, content]) => {
    to.writeHead(answer.status, { "content-type": answer.headers.get("content-type"), "cache-control": "no-cache", "access-control-allow-origin": from.headers.origin ?? "*" });
    to.end(content);
  };
  const forward = (from, to) => {
    const on = request(new URL(from.url, it.target), { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      if (!/event-stream/.test(answer.headers["content-type"])) return void answer.pipe(to);
      to.flushHeaders();
      answer.setEncoding("utf8").on("data", (text) => to.write(changed(text))).on("end", () => to.end()); // hello names the rules
    });
    on.on("error", () => to.destroy());
    from.on("close", () => from.complete || on.destroy());
    to.on("close", () => on.destroy());
    from.pipe(on);
  };
  listener.on("connection", (socket) => { open.add(socket); socket.once("close", () => open.delete(socket)); });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  it.url = `http://127.0.0.1:${listener.address().port}`;
  return it;
}

const isLater = (agent) => agent.page.evaluate(() => globalThis.laterBuild === true);

/** Ada hands over to Bea by what the rules of the later build say, as the request to the backend tells. */
async function handsOver(ada, customer) {
  await goes(server, "bea", "Available");
  await choose(ada, "Bea Ortiz", "cold");
  const [asked] = await Promise.all([ada.page.waitForRequest((one) => one.method() === "POST" && one.url().endsWith("/v1/transfers")), send(ada)]);
  assert.equal(asked.postDataJSON().rules, LATER);
  await eventually(async () => (await agentsIn(server)).length === 0, `Ada has handed ${customer} over`);
  assert.equal(await shown(ada, OFF), 0);
}

test("the backend is upgraded while an agent talks: the plugin takes the new module with its glue, and transfers go on", { timeout: TEST_MS }, async () => {
  door.build = "present";
  const ada = await openAgent(browser, server, "ada", (context) => first(context, NOTED));
  await goes(server, "ada", "Available");
  await talkTo(server, ada, "Rosa", "Good morning");
  assert.equal(await isLater(ada), false);
  door.build = "later";
  door.shut(); // as when the old process ends
  await eventually(() => isLater(ada), "the later build's module runs");
  await picture(ada, "plugin-83-upgraded");
  await handsOver(ada, "Rosa");
});

test("a plugin that is older than the backend works as ever", { timeout: TEST_MS }, async () => {
  door.build = "later";
  const ada = await openAgent(browser, server, "ada", (context) => first(context, NOTED));
  await goes(server, "ada", "Available");
  await talkTo(server, ada, "Sam", "Hello");
  assert.equal(await isLater(ada), true);
  await handsOver(ada, "Sam");
});

test("a backend that does not serve this plugin any more: one notification says so, and Flex goes on", { timeout: TEST_MS }, async () => {
  door.build = "foreign";
  const ada = await openAgent(browser, server, "ada", (context) => first(context, NOTED));
  await goes(server, "ada", "Available");
  await eventually(() => shown(ada, FIT), "the notification");
  await picture(ada, "plugin-84-incompatible");
  const told = ada.problems.filter((one) => one.includes("MODULE_INCOMPATIBLE"));
  assert.equal(told.length, 1, ada.problems.join("\n"));
  assert.match(told[0], new RegExp(`plugin \\d+\\.\\d+\\.\\d+, backend ${door.url}: .*contract 1 .*rules ${LATER}\\) keeps contract 2`));
  await begin(server, "Tom", "Anybody?");
  await line(ada, "Tom").click();
  await accept(ada);
  await byTest(ada.page, "end-task-button").waitFor();
  assert.equal(await ada.page.locator('[data-testid^="flex-transfer"]:not([data-testid="flex-transfer-notice"])').count(), 0);
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks[0]?.status === "wrapping", "the task wraps up, by Flex's own doing");
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks.length === 0, "the task is completed");
  assert.equal(await shown(ada, OFF), 1);
});
