// Where the plugin has to keep out of Flex's way: calls, a module that cannot be had, one that dies while Flex runs.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import {
  accept, agentsIn, begin, byTest, choose, clear, endOrComplete, eventually, first, goes, line, NOTED, openAgent, picture, send, shown, snapshot, stage, startAll,
  startBrowser, state, talkTo, TEST_MS, twilio,
} from "./support.mjs";

let server;
let browser;

before(async () => {
  server = await startAll(["--multi-participant"]);
  browser = await startBrowser(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach(async (t) => {
  if (!t.passed) await Promise.all(browser.contexts().flatMap((context) => context.pages()).map((page, i) => picture({ page }, `plugin-failed-alone-${i}`)));
  await Promise.all(browser.contexts().map((context) => context.close()));
  await clear(server);
  await goes(server, "bea", "Offline");
});

const MISSING = "Transfers are off on this page";

/** Flex as it is without the plugin: nothing of the plugin's is shown, and a chat is ended and completed by Flex itself. */
async function endsByItself(ada) {
  await ada.page.locator('[data-testid^="flex-transfer"]:not([data-testid="flex-transfer-notice"])').first().waitFor({ state: "detached" });
  await byTest(ada.page, "end-task-button").waitFor();
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks[0]?.status === "wrapping", "the task wraps up");
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks.length === 0, "the task is completed");
}

test("the module is missing: Flex is as without the plugin, and one notification says so", { timeout: TEST_MS }, async () => {
  const ada = await openAgent(browser, server, "ada", async (context) => {
    await first(context, NOTED);
    await context.route("**/wasm/*.wasm", (route) => route.fulfill({ status: 404, body: "no" }));
  });
  await goes(server, "ada", "Available");
  await eventually(() => shown(ada, MISSING), "the notification");
  await picture(ada, "plugin-80-module-missing");
  await begin(server, "Ned", "Hello?");
  await line(ada, "Ned").click();
  await accept(ada);
  await endsByItself(ada);
  assert.equal(await shown(ada, MISSING), 1);
});

/** Before Flex starts: lets a test end the running instance of the module as a panic of its own would, and every later one. */
const holdModule = (context) => context.addInitScript(() => {
  const real = WebAssembly.instantiate;
  const held = (window.held = { started: 0, dead: false, kill() {} });
  WebAssembly.instantiate = async (source, imports) => {
    if (!imports?.gojs) return real.call(WebAssembly, source, imports);
    if (held.dead) throw new WebAssembly.RuntimeError("no more memory");
    held.started++;
    held.kill = () => imports.gojs["runtime.wasmExit"](0);
    return real.call(WebAssembly, source, imports);
  };
});

test("an instance of the module dies: another one takes its place, and a transfer goes through", { timeout: TEST_MS }, async () => {
  const ada = await openAgent(browser, server, "ada", async (context) => {
    await first(context, NOTED);
    await holdModule(context);
  });
  await goes(server, "ada", "Available");
  await talkTo(server, ada, "Olga", "Good evening");
  await goes(server, "bea", "Available");
  assert.equal(await ada.page.evaluate(() => held.started), 1);
  await ada.page.evaluate(() => held.kill());
  await choose(ada, "Bea Ortiz", "cold"); // the dead one is found out, and its screens stand until there is another
  await eventually(() => ada.page.evaluate(() => held.started === 2), "another instance has started");
  await send(ada);
  await eventually(async () => (await agentsIn(server)).length === 0, "Ada has handed over");
  await picture(ada, "plugin-81-module-again");
  assert.equal(await shown(ada, MISSING), 0);
});

test("the module dies for good while an agent talks: transfers fall away with one notification, and Flex goes on", { timeout: TEST_MS }, async () => {
  const ada = await openAgent(browser, server, "ada", async (context) => {
    await first(context, NOTED);
    await holdModule(context);
  });
  await goes(server, "ada", "Available");
  await talkTo(server, ada, "Paul", "Are you there?");
  await ada.page.evaluate(() => { held.dead = true; held.kill(); });
  await byTest(ada.page, "message-input").fill("I am here.");
  await byTest(ada.page, "send-message").click();
  await eventually(async () => { // whoever asks the rules next finds out
    await ada.page.evaluate(() => document.querySelector('[data-testid="flex-transfer-button"]')?.click());
    return shown(ada, MISSING);
  }, "the notification");
  await picture(ada, "plugin-82-module-gone");
  await eventually(async () => {
    const { conversations, messages } = await snapshot(server);
    return messages[conversations.at(-1).sid].map((one) => one.body).join() === "Are you there?,I am here.";
  }, "the message is sent");
  await endsByItself(ada);
  assert.equal(await shown(ada, MISSING), 1);
});

/** Takes the place of Flex's own actions before the plugin starts: what it leaves to Flex arrives here, as Flex would get it. */
const SPY = `
window.left = [];
const { Plugins, Actions } = Twilio.Flex;
const begin = Plugins.init;
Plugins.init = (Plugin) => {
  Plugins.init = begin;
  Plugins.init(class extends Plugin {
    init(...args) {
      for (const name of ["TransferTask", "ShowDirectory", "WrapupTask", "CompleteTask"]) Actions.registerAction(name, async (payload) => void window.left.push([name, payload]));
      super.init(...args);
    }
  });
};
`;

test("a call is left alone: nothing of ours is on it, and Flex's actions get what they were given", { timeout: TEST_MS }, async () => {
  const ada = await openAgent(browser, server, "ada", (context) => first(context, SPY));
  await goes(server, "ada", "Available");
  await eventually(() => ada.page.evaluate(() => performance.getEntriesByName("flex-transfer:ready").length === 1), "the rules are ready");
  await call(ada, "Hal");
  await line(ada, "Hal").click();
  await picture(ada, "plugin-50-call");
  const { reservation } = (await state(ada)).tasks[0];
  await stage(server, `reservations/${reservation}`, { action: "accept" });
  await eventually(async () => (await state(ada)).tasks[0]?.status === "accepted", "the call is taken");
  await ada.page.locator(".Twilio-TaskCanvas").first().waitFor();
  const left = await ada.page.evaluate(async () => {
    const { Actions, Manager, TaskHelper } = Twilio.Flex;
    const [task] = [...Manager.getInstance().store.getState().flex.worker.tasks.values()];
    const ours = [];
    for (const name of ["ChatTransferTask", "ShowChatDirectory", "LeaveChat"]) Actions.addListener(`before${name}`, () => ours.push(name));
    const given = { TransferTask: { task, sid: task.sid, targetSid: "WK0", options: { mode: "WARM" } }, ShowDirectory: { task, sid: task.sid }, WrapupTask: { task }, CompleteTask: { sid: task.sid } };
    for (const [name, payload] of Object.entries(given)) await Actions.invokeAction(name, payload);
    const same = window.left.map(([name, payload]) => `${name} ${Object.entries(given[name]).every(([key, value]) => payload[key] === value)}`);
    return { call: TaskHelper.isCallTask(task), channel: task.taskChannelUniqueName, ours, same };
  });
  assert.deepEqual(left, { call: true, channel: "voice", ours: [], same: ["TransferTask true", "ShowDirectory true", "WrapupTask true", "CompleteTask true"] });
  assert.equal(await ada.page.locator('[data-testid^="flex-transfer"]').count(), 0);
  assert.equal(await ada.page.locator(".Twilio-TaskCanvas").getByText(/^Participants/).count(), 0);
  await picture(ada, "plugin-51-call-taken");
});

/** Somebody rings, as far as an account without telephones lets them: a task of the voice channel, as Twilio makes it. */
async function call(ada, name) {
  const attributes = JSON.stringify({ name, call_sid: `CA${"0".repeat(32)}`, direction: "inbound", conference: { sid: `CF${"0".repeat(32)}` } });
  const { workflows } = await twilio(server, "taskrouter", `/v1/Workspaces/${server.workspace}/Workflows`);
  await twilio(server, "taskrouter", `/v1/Workspaces/${server.workspace}/Tasks`, { Attributes: attributes, TaskChannel: "voice", WorkflowSid: workflows[0].sid });
  await eventually(async () => (await state(ada)).tasks.some((task) => task.status === "pending"), "the call rings");
}
