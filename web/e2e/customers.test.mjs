// The customer's page plays each channel, and each conversation is handed over: all who write in it stay.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, desk, handover, history, openDirectory, option, phone, picture, reply, withBrowser, withDemo, write } from "./support/demo.mjs";
import { snapshot } from "./support/stage.mjs";

withBrowser();

const CHANNELS = [
  { label: "Web chat", type: "web", customers: 1, taskChannel: "chat" },
  { label: "SMS", type: "sms", customers: 1, taskChannel: "sms" },
  { label: "WhatsApp", type: "whatsapp", customers: 1, taskChannel: "chat" },
  { label: "Email", type: "email", customers: 3, taskChannel: "email" },
];

for (const { label, type, customers, taskChannel } of CHANNELS) {
  test(`${label}: the customer writes, is handed over and goes on`, () => withDemo(async ({ page, url }) => {
    await beginBy(page, label, type);
    await accept(page, "ada");
    await reply(page, "ada", "Let me get somebody from billing.");
    await handOver(page);
    await accept(page, "bea");
    await phone(page).getByText("with Bea Ortiz").waitFor();
    await write(page, "Thank you, Bea.");
    await history(page, "bea").getByText("Thank you, Bea.").waitFor();
    if (type === "email") await byRecipients(page);
    await picture(page, `76-customer-${type}`);

    const { interaction_channels: channels, interaction_participants: participants, tasks } = await snapshot(url);
    assert.equal(channels[0].type, type);
    assert.equal(participants.filter((one) => one.type === "customer").length, customers);
    assert.deepEqual(tasks.map((task) => task.task_channel_unique_name), [taskChannel, taskChannel]);
    assert.equal(await desk(page, "ada").getByText("Thank you, Bea.").count(), 0, "who has left hears no more");
  }));
}

/** The customer begins by a channel; only mails have a subject and recipients. */
async function beginBy(page, label, type) {
  const form = phone(page);
  await form.getByRole("combobox", { name: "Channel" }).selectOption({ label });
  const subject = form.getByRole("textbox", { name: "Subject" });
  assert.equal(await subject.isVisible(), type === "email");
  if (type === "email") {
    await subject.fill("Charged twice");
    await form.getByRole("textbox", { name: "Also to" }).fill("Dana Roy, eli@example.org");
    await picture(page, "76-customer-email-begin");
  }
  await form.getByRole("textbox", { name: "Message" }).fill("Hello, I was charged twice.");
  await form.getByRole("button", { name: "Start the conversation" }).click();
}

/** Ada hands over to Bea. */
async function handOver(page) {
  await openDirectory(page, "ada");
  await option(page, "ada", "Bea Ortiz").click();
  const form = handover(page, "ada");
  await form.getByRole("radio", { name: "Transfer", exact: true }).check();
  await form.getByRole("textbox", { name: "Notes" }).press("Enter");
  await form.waitFor({ state: "hidden" });
}

/** The mail shows its subject and who else got it; another of them writes, then goes, and the conversation goes on. */
async function byRecipients(page) {
  const customer = phone(page);
  await customer.getByText("Charged twice", { exact: true }).waitFor();
  await customer.getByText("Also to dana.roy@example.com, eli@example.org").waitFor();
  const from = customer.getByRole("combobox", { name: "From" });
  await from.selectOption("eli@example.org");
  await write(page, "Me too.");
  await history(page, "bea").getByText("Me too.").waitFor();
  assert.equal(await from.getByRole("option").count(), 3);
}
