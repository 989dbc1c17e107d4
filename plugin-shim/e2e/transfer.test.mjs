// The plugin in the real Flex UI: two agents in two windows, a customer, and the real backend on the same simulated account.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import {
  accept, agentsIn, byTest, choose, clear, endOrComplete, eventually, FLEX_ITSELF, goes, line, notice, openAgent, PATIENCE_MS, picture, progress, reject, send,
  snapshot, soon, startAll, startBrowser, state, talkTo, TEST_MS, twilio,
} from "./support.mjs";

let server;
let browser;
let ada;
let bea;

before(async () => {
  server = await startAll(["--multi-participant"]);
  browser = await startBrowser(server);
  ada = await openAgent(browser, server, "ada");
  bea = await openAgent(browser, server, "bea");
  await goes(server, "chidi", "Offline");
  await onlyAda();
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach(async (t) => {
  if (!t.passed) for (const agent of [ada, bea]) await picture(agent, `plugin-failed-${agent.name}-${t.name.replaceAll(/\W+/g, "-").slice(0, 40)}`);
  await clear(server);
  await onlyAda();
});

async function onlyAda() {
  await goes(server, "bea", "Offline");
  await goes(server, "ada", "Available");
}

/** Ada talks to a customer, and then Bea comes online. */
async function begun(customer, words) {
  await talkTo(server, ada, customer, words);
  await goes(server, "bea", "Available");
  await eventually(async () => (await state(bea)).activity === "Available", "Bea is available in Flex");
}

test("a cold transfer: the chat goes to the other agent, with reason and notes", { timeout: TEST_MS }, async () => {
  await begun("Carla", "Hello, I was charged twice.");
  await picture(ada, "plugin-01-button");
  await choose(ada, "Bea Ortiz", "cold");
  await ada.page.getByLabel("Reason").selectOption("billing");
  await ada.page.getByLabel("Notes").fill("Charged twice in May, wants a refund.");
  await picture(ada, "plugin-02-handover");
  await send(ada);
  await line(bea, "Carla").waitFor();
  await line(bea, "Carla").click();
  await bea.page.getByTestId("flex-transfer-briefing").getByText("Charged twice in May").first().waitFor();
  await picture(bea, "plugin-03-incoming");
  const told = soon(notice(ada, "Handed over to Bea Ortiz"));
  await accept(bea);
  await bea.page.getByTestId("flex-transfer-briefing").getByText("Billing question").first().waitFor();
  await told;
  await picture(ada, "plugin-04-handed-over");
  await bea.page.getByText("Hello, I was charged twice.").first().waitFor();
  await picture(bea, "plugin-05-taken-over");
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea alone is in the conversation");
});

test("a warm transfer: both talk, then the first one leaves, by Leave in the place of End", { timeout: TEST_MS }, async () => {
  await begun("Dora", "Is my order on its way?");
  await choose(ada, "Bea Ortiz", "warm");
  await send(ada);
  await progress(ada).getByText("Ringing Bea Ortiz").waitFor();
  await picture(ada, "plugin-10-ringing");
  await line(bea, "Dora").click();
  await accept(bea);
  await notice(ada, "Bea Ortiz has joined").waitFor();
  await says(ada, "My colleague Bea is with us now.");
  await bea.page.getByText("My colleague Bea is with us now.").last().waitFor();
  await says(bea, "Hello Dora, I am looking at your order.");
  await ada.page.getByText("Hello Dora, I am looking at your order.").last().waitFor();
  const { conversations, messages } = await snapshot(server);
  assert.deepEqual(messages[conversations.at(-1).sid].map((one) => one.body), ["Is my order on its way?", "My colleague Bea is with us now.", "Hello Dora, I am looking at your order."]);
  await byTest(ada.page, "flex-transfer-parties").getByText("3").waitFor();
  await ada.page.getByText(/^Participants/).first().click();
  await ada.page.getByTestId("flex-transfer-person").filter({ hasText: "Bea Ortiz" }).waitFor();
  await picture(ada, "plugin-11-participants");
  await byTest(ada.page, "flex-transfer-leave").waitFor();
  assert.equal(await byTest(ada.page, "end-task-button").isVisible(), false, "End has given its place to Leave");
  await byTest(ada.page, "flex-transfer-leave").click();
  await picture(ada, "plugin-12-leave");
  await ada.page.getByTestId("flex-transfer-yes").click();
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea alone is in the conversation");
  await byTest(bea.page, "end-task-button").waitFor();
  assert.equal(await byTest(bea.page, "flex-transfer-leave").count(), 0, "the last agent ends");
  await endOrComplete(bea);
  await eventually(async () => (await state(bea)).tasks[0]?.status === "wrapping", "Bea's task wraps up");
});

/** An agent writes to the customer, in Flex's own field. */
async function says({ page }, words) {
  await byTest(page, "message-input").fill(words);
  await byTest(page, "send-message").click();
}

test("an invite is canceled in the tab", { timeout: TEST_MS }, async () => {
  await begun("Emil", "Hello?");
  await choose(ada, "Bea Ortiz", "warm");
  await send(ada);
  await line(bea, "Emil").waitFor();
  await ada.page.getByText(/^Participants/).first().click();
  await picture(ada, "plugin-20-invite");
  await byTest(ada.page, "flex-transfer-cancel-invite").click();
  await notice(ada, "The invite to Bea Ortiz was canceled").waitFor();
  await line(bea, "Emil").waitFor({ state: "detached" });
  assert.deepEqual(await agentsIn(server), ["ada"]);
});

test("an invite is declined", { timeout: TEST_MS }, async () => {
  await begun("Fay", "Hello there");
  await choose(ada, "Bea Ortiz", "warm");
  await send(ada);
  await line(bea, "Fay").click();
  await reject(bea);
  await notice(ada, "Bea Ortiz declined").waitFor();
  await picture(ada, "plugin-30-declined");
  assert.deepEqual(await agentsIn(server), ["ada"]);
});

test("a transfer that the backend refuses is said in a notification, and other plugins have heard of it", { timeout: TEST_MS }, async () => {
  await talkTo(server, ada, "Gil", "Good morning");
  const { workers } = await snapshot(server);
  const targetSid = workers.find((one) => one.friendly_name === "bea").sid;
  const heard = await ada.page.evaluate(async (targetSid) => {
    const { Actions, Manager } = Twilio.Flex;
    const [task] = [...Manager.getInstance().store.getState().flex.worker.tasks.values()];
    const events = [];
    for (const name of ["beforeChatTransferTask", "afterChatTransferTask"]) Actions.addListener(name, ({ targetSid }) => events.push(`${name} ${targetSid}`));
    await Actions.invokeAction("TransferTask", { task, sid: task.sid, targetSid, options: { mode: "COLD" } });
    return events;
  }, targetSid);
  assert.deepEqual(heard, [`beforeChatTransferTask ${targetSid}`, `afterChatTransferTask ${targetSid}`]);
  await notice(ada, "This agent is not available right now").waitFor();
  await picture(ada, "plugin-40-refused");
  assert.deepEqual(await agentsIn(server), ["ada"]);
});

test("an agent who was invited is removed again", { timeout: TEST_MS }, async () => {
  await begun("Kai", "One more question");
  await choose(ada, "Bea Ortiz", "warm");
  await send(ada);
  await line(bea, "Kai").click();
  await accept(bea);
  await bea.page.getByText("One more question").first().waitFor();
  await ada.page.getByText(/^Participants/).first().click();
  await ada.page.getByRole("button", { name: "Remove Bea Ortiz from the conversation" }).click();
  await ada.page.getByTestId("flex-transfer-yes").click();
  await notice(bea, "Ada Lindqvist has removed you").waitFor();
  await byTest(ada.page, "end-task-button").waitFor();
  await byTest(ada.page, "flex-transfer-parties").getByText("2").waitFor();
  assert.deepEqual(await agentsIn(server), ["ada"]);
});

test("a cold transfer to a queue: whoever serves it takes over", { timeout: TEST_MS }, async () => {
  await begun("Lena", "I want to send it back");
  await goes(server, "ada", "Break");
  await choose(ada, "Everyone", "cold");
  await send(ada);
  await line(bea, "Lena").click();
  const told = soon(notice(ada, "Handed over to Bea Ortiz"));
  await accept(bea);
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea alone is in the conversation");
  await told;
});

test("a customer who is left alone comes to the queue, and whoever takes over reads why", { timeout: TEST_MS }, async () => {
  await begun("Mona", "Is anybody there?");
  await goes(server, "ada", "Break");
  const { tasks } = await snapshot(server);
  const { sid } = tasks.find((task) => task.assignment_status === "assigned");
  // As an administrator does in the console, or a program beside ours: Ada is out, and the conversation stays open.
  await twilio(server, "taskrouter", `/v1/Workspaces/${server.workspace}/Tasks/${sid}`, { AssignmentStatus: "completed", Reason: "console" });
  await line(bea, "Mona").click();
  const told = bea.page.getByTestId("flex-transfer-briefing").getByText("Nobody was with the customer any more").first();
  await told.waitFor();
  await accept(bea);
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea is in the conversation");
  await told.waitFor();
  await picture(bea, "plugin-06-rescued");
});

test("where Twilio's own transfers are switched on the plugin stands aside, and says so once", { timeout: TEST_MS }, async () => {
  await talkTo(server, ada, "Mia", "Hi");
  await setNativeTransfers(true);
  await notice(ada, "Twilio’s own messaging transfers").waitFor();
  await byTest(ada.page, "flex-transfer-button").waitFor({ state: "detached" });
  await picture(ada, "plugin-70-native");
  await setNativeTransfers(false);
  await byTest(ada.page, "flex-transfer-button").waitFor();
});

/** As Flex itself does when it learns of the account's feature. */
const setNativeTransfers = (enabled) => ada.page.evaluate((enabled) => Twilio.Flex.Manager.getInstance().store.dispatch({ type: "TRANSFERS_CONFIG_UPDATE", payload: { enabled, transfer_notes_enabled: false } }), enabled);

test("the rules are ready soon after Flex has painted", async (t) => {
  for (const agent of [ada, bea]) {
    const [mark] = await agent.page.evaluate(() => performance.getEntriesByName("flex-transfer:ready").map(({ startTime, detail }) => ({ started: Math.round(detail.started), took: Math.round(startTime - detail.started) })));
    t.diagnostic(`${agent.name}: Flex has painted and is idle at ${mark.started} ms; the rules are ready ${mark.took} ms later`);
    assert.ok(mark.took < PATIENCE_MS, JSON.stringify(mark));
  }
});

test("nothing of the plugin has failed", () => {
  for (const agent of [ada, bea]) {
    assert.deepEqual(agent.problems.filter((one) => /flex-transfer|page error/.test(one) && !FLEX_ITSELF.test(one)), [], agent.name);
  }
});
