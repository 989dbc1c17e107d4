// Two agents in two windows of the real Flex UI and a customer: signing in, activities, accepting, rejecting, wrap-up and
// completing, each compared with the account behind it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accept, begin, byTest, endOrComplete, eventually, FLEX_ITSELF, goes, goTo, line, openAgent, picture, reject, snapshot, startBrowser, startFlex, state, TEST_MS, twilio } from "./support/flex.mjs";

let server;
let browser;
let ada;
let bea;

before(async () => {
  server = await startFlex();
  browser = await startBrowser(server);
  ada = await openAgent(browser, server, "ada");
  bea = await openAgent(browser, server, "bea");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
});

const activityOf = async (name) => (await snapshot(server)).workers.find((worker) => worker.friendly_name === name).activity_name;
const reservations = async () => (await snapshot(server)).reservations.map(({ worker_name, reservation_status }) => `${worker_name} ${reservation_status}`).sort();

test("Flex starts without degraded mode and asks for nothing that is missing", async () => {
  for (const agent of [ada, bea]) {
    assert.equal((await state(agent)).degraded, false, agent.name);
    assert.deepEqual(agent.problems, [], agent.name);
  }
  assert.deepEqual(await (await fetch(`${server.stage}/unanswered`)).json(), []);
  await picture(ada, "flex-01-started");
});

test("an activity that is chosen in Flex is the worker's, and the other way round", async () => {
  await goTo(ada, "Break");
  await eventually(async () => (await activityOf("ada")) === "Break", "Ada's activity in the account");
  await goTo(bea, "Unavailable");
  await eventually(async () => (await activityOf("bea")) === "Unavailable", "Bea's activity in the account");
  await goes(server, "chidi", "Offline"); // who has no window would get the chats
  await goes(server, "ada", "Unavailable");
  await eventually(async () => (await state(ada)).activity === "Unavailable", "Ada's activity in Flex");
  await goTo(ada, "Available");
  await eventually(async () => (await activityOf("ada")) === "Available", "Ada's activity in the account");
  await picture(ada, "flex-02-available");
});

test("a chat that one agent rejects is offered to the other, who accepts, wraps up and completes", async () => {
  await begin(server, "Carla Gómez", "Hello, I was charged twice.");
  await line(ada, "Carla Gómez").waitFor();
  await picture(ada, "flex-03-incoming");
  await reject(ada);
  await eventually(async () => (await state(ada)).tasks.length === 0, "Ada's tasks");
  await line(ada, "Carla Gómez").waitFor({ state: "detached" });
  assert.deepEqual(await reservations(), ["ada rejected"]);

  await goTo(bea, "Available");
  await line(bea, "Carla Gómez").waitFor();
  await accept(bea);
  await bea.page.getByText("Hello, I was charged twice.").first().waitFor();
  await eventually(async () => (await state(bea)).tasks[0]?.status === "accepted", "Bea's task in Flex");
  assert.deepEqual(await reservations(), ["ada rejected", "bea accepted"]);
  await picture(bea, "flex-04-accepted");

  await endOrComplete(bea);
  await eventually(async () => (await state(bea)).tasks[0]?.status === "wrapping", "Bea's task in Flex");
  const { interaction_channels: channels, tasks } = await snapshot(server);
  assert.equal(channels[0].status, "closed");
  assert.equal(tasks[0].assignment_status, "wrapping");
  await byTest(bea.page, "end-task-button").getByText("Complete").waitFor();
  await picture(bea, "flex-05-wrapping");

  await endOrComplete(bea);
  await eventually(async () => (await state(bea)).tasks.length === 0, "Bea's tasks");
  assert.equal((await snapshot(server)).tasks[0].assignment_status, "completed");
  await picture(bea, "flex-06-completed");
});

test("what happens behind Flex's back is seen in Flex", async () => {
  await begin(server, "Dora", "Is anybody there?");
  const mine = await eventually(async () => (await snapshot(server)).reservations.find((one) => one.reservation_status === "pending"), "a reservation");
  const [agent, other] = mine.worker_name === "ada" ? [ada, bea] : [bea, ada];
  await line(agent, "Dora").waitFor();
  assert.equal(await line(other, "Dora").count(), 0, "who has no reservation sees nothing");
  const act = async (action) => {
    const response = await fetch(`${server.stage}/stage/reservations/${mine.sid}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ action }) });
    assert.equal(response.status, 200, action);
  };
  const statusIs = (status) => eventually(async () => (await state(agent)).tasks[0]?.status === status, `the task in Flex is ${status}`);
  await act("accept");
  await statusIs("accepted");
  await line(agent, "Is anybody there?").waitFor(); // Flex has joined the conversation
  await act("wrapup");
  await statusIs("wrapping");
  await act("complete");
  await eventually(async () => (await state(agent)).tasks.length === 0, "the task in Flex after complete");
});

test("a colleague who is invited comes in, and the agent who is taken out loses the task, in both windows", async () => {
  await goTo(bea, "Unavailable");
  await begin(server, "Emil", "Who can help me?");
  await line(ada, "Emil").waitFor();
  await accept(ada);
  await eventually(async () => (await state(ada)).tasks[0]?.status === "accepted", "Ada's task");
  const { workers, interaction_channels: channels } = await snapshot(server);
  const channel = channels.at(-1);
  const invites = `/v1/Interactions/${channel.interaction_sid}/Channels/${channel.sid}/Invites`;
  const properties = { workspace_sid: workers[0].workspace_sid, worker_sid: workers.find((one) => one.friendly_name === "bea").sid, task_channel_unique_name: "chat", attributes: { customerName: "Emil", name: "Emil", from: "Emil" } };
  await twilio(server, "flex-api", invites, { Routing: JSON.stringify({ properties }) });
  await goTo(bea, "Available");
  await line(bea, "Emil").waitFor();
  await accept(bea);
  await bea.page.getByText("Who can help me?").first().waitFor();
  const agents = ({ page }) => page.evaluate(async () => {
    const [task] = Twilio.Flex.Manager.getInstance().store.getState().flex.worker.tasks.values();
    const participants = await task.getParticipants(task.attributes.flexInteractionChannelSid);
    return participants.filter((one) => one.type === "agent").map((one) => one.mediaProperties.identity).sort();
  });
  for (const agent of [ada, bea]) await eventually(async () => (await agents(agent)).join() === "ada,bea", `${agent.name} sees both`);
  await picture(ada, "flex-10-two-agents");
  const mine = (await snapshot(server)).interaction_participants.find((one) => one.channel_sid === channel.sid && one.media_properties.identity === "ada");
  await twilio(server, "flex-api", `${invites.replace("Invites", "Participants")}/${mine.sid}`, { Status: "closed" });
  await eventually(async () => (await state(ada)).tasks.length === 0, "Ada's tasks");
  await eventually(async () => (await agents(bea)).join() === "bea", "Bea sees herself alone");
  await picture(bea, "flex-11-handed-over");
  await endOrComplete(bea);
  await eventually(async () => (await state(bea)).tasks[0]?.status === "wrapping", "Bea's task");
  await endOrComplete(bea);
  await eventually(async () => (await state(bea)).tasks.length === 0, "Bea's tasks");
});

test("the directory lists the workers and queues of the account", async () => {
  const names = await ada.page.evaluate(async () => {
    const { workspaceClient } = Twilio.Flex.Manager.getInstance();
    const everybody = [...(await workspaceClient.fetchWorkers({ Ordering: "DateStatusChanged:desc" })).values()].map((one) => one.attributes.full_name).sort();
    const found = [...(await workspaceClient.fetchWorkers({ Ordering: "DateStatusChanged:desc", TargetWorkersExpression: 'full_name contains "Ortiz"' })).values()].map((one) => one.attributes.full_name);
    const queues = [...(await workspaceClient.fetchTaskQueues({ Ordering: "DateUpdated:desc" })).values()].map((one) => one.name).sort();
    return { everybody, found, queues };
  });
  const { workers, queues } = await snapshot(server);
  assert.deepEqual(names, {
    everybody: workers.map((one) => JSON.parse(one.attributes).full_name).sort(), found: ["Bea Ortiz"], queues: queues.map((one) => one.friendly_name).sort(),
  });
});

test("no window has had an error but what Flex says of a conversation that its agent was taken out of", () => {
  for (const agent of [ada, bea]) assert.deepEqual(agent.problems.filter((one) => !FLEX_ITSELF.test(one)), [], agent.name);
});
