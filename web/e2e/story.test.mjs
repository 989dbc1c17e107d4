// The story that the demo tells: a customer's chat is handed from one agent to another, and to a queue.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, begin, choose, desk, eventually, handover, history, inConversation, openDirectory, option, phone, picture, reply, withBrowser, withDemo, write,
} from "./support/demo.mjs";
import { invites, snapshot, transferTasks } from "./support/stage.mjs";

withBrowser();

test("a chat is handed to another agent, who has the whole history", () => withDemo(async ({ page, url }) => {
  await picture(page, "01-begin");
  await begin(page);
  await desk(page, "ada").getByText("Ringing", { exact: true }).waitFor();
  await picture(page, "02-ringing");
  await accept(page, "ada");
  await reply(page, "ada", "I see both charges. Let me get somebody from billing.");
  await openDirectory(page, "ada");
  await option(page, "ada", "Bea Ortiz").waitFor();
  await picture(page, "03-directory");
  await choose(page, "ada", "Bea Ortiz");

  const bea = desk(page, "bea");
  await bea.getByText("Ada hands this over to you").first().waitFor();
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await history(page, "bea").getByText("Hello, I was charged twice.").waitFor();
  await history(page, "bea").getByText("I see both charges.").waitFor();
  await picture(page, "04-handover");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in \d/).waitFor();
  await desk(page, "ada").getByText("Completed", { exact: true }).waitFor();
  await phone(page).getByText("with Bea Ortiz").waitFor();
  await page.getByText("That was a cold transfer.").waitFor();

  await write(page, "Thank you, Bea.");
  await history(page, "bea").getByText("Thank you, Bea.").waitFor();
  await picture(page, "05-handed-over");
  assert.equal(await desk(page, "ada").getByText("Thank you, Bea.").count(), 0, "who has left hears no more");
  assert.equal(await history(page, "bea").getByRole("listitem").count(), 3, "the whole history");

  const { tasks, interaction_participants: participants, workers } = await snapshot(url);
  const names = participants.filter((one) => one.type === "agent").map((one) => workers.find((worker) => worker.sid === one.routing_properties.worker_sid).friendly_name);
  assert.deepEqual(names, ["bea"], "one agent is in the conversation");
  assert.deepEqual(tasks.map((task) => task.assignment_status).sort(), ["assigned", "completed"]);
  assert.equal(await invites(url), 1);
}));

test("a chat is handed to a queue, which offers it to others than the agent who transfers", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Billing");
  await desk(page, "bea").getByText("Ada hands this over to you").first().waitFor();
  await desk(page, "ada").getByText("Waiting for somebody in Billing…").waitFor();
  await picture(page, "06-queue");
  // Bea rejects: Billing has nobody else but Ada, whom the workflow excludes.
  await desk(page, "bea").getByRole("button", { name: /^Reject/ }).click();
  await desk(page, "bea").getByText("Ada hands this over to you").first().waitFor({ state: "hidden" });
  const { reservations, workers } = await snapshot(url);
  const [task] = await transferTasks(url);
  const ada = workers.find((worker) => worker.friendly_name === "ada").sid;
  assert.equal(reservations.filter((one) => one.task_sid === task.sid && one.worker_sid === ada).length, 0, "Ada was never offered it");
  assert.equal(task.assignment_status, "pending");
  assert.equal(task.task_queue_friendly_name, "Billing");
}));

test("a queue's transfer reaches the agent who is free", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Returns");
  await accept(page, "chidi");
  await desk(page, "ada").getByText(/^Chidi Okafor accepted in \d/).waitFor();
  await write(page, "Hello Chidi?");
  await history(page, "chidi").getByText("Hello Chidi?").waitFor();
}));

test("a transfer can be handed on", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await openDirectory(page, "bea");
  await choose(page, "bea", "Ada Lindqvist");
  await desk(page, "ada").getByText("Bea hands this over to you").first().waitFor();
  await accept(page, "ada");
  await desk(page, "bea").getByText(/^Ada Lindqvist accepted in/).waitFor();
  assert.equal(await invites(url), 2);
}));

test("a double click makes one transfer", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await option(page, "ada", "Bea Ortiz").dblclick();
  assert.equal(await invites(url), 0, "the second click does not send what the first one opened");
  await page.waitForTimeout(400);
  await handover(page, "ada").getByRole("button", { name: "Transfer" }).dblclick();
  await desk(page, "bea").getByText("Ada hands this over to you").first().waitFor();
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  assert.equal(await invites(url), 1);
  assert.equal((await transferTasks(url)).length, 1);
}));

test("the button is busy while the request is on its way, and says so", () => withDemo(async ({ page, proxy }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  for (const path of ["/v1/transfers", "/v1/events", "/stage/live"]) proxy.hold(path);
  await choose(page, "ada", "Bea Ortiz");
  // All at once: the module waits for an answer for fifteen seconds.
  const said = await desk(page, "ada").locator('[data-directory-button][data-state="busy"]').evaluate((button) => {
    button.click();
    return [button.getAttribute("aria-disabled"), button.getAttribute("aria-busy")];
  });
  assert.deepEqual(said, ["true", "true"]);
  assert.equal(await desk(page, "ada").getByRole("dialog").count(), 0, "a busy button opens nothing");
  await picture(page, "07-busy");
  for (const path of ["/v1/transfers", "/v1/events", "/stage/live"]) proxy.release(path);
  await accept(page, "bea");
}));

test("reset brings the account back to the beginning", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await page.getByRole("button", { name: "Reset" }).click();
  await phone(page).getByText("Write as the customer to begin").waitFor();
  await eventually(async () => (await desk(page, "ada").getByText("Ready for the next chat").isVisible()) && (await desk(page, "bea").getByText("Ready for the next chat").isVisible()), "the desks are empty");
  assert.equal((await snapshot(url)).tasks.length, 0);
  // And the story can be told again.
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
}));
