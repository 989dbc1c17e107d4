// What is said with a handover: reason, notes, a summary. The agent who receives it sees it, the customer never does.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, choose, desk, handover, history, inConversation, invite, NAMES, openDirectory, option, phone, picture, reply, sendHandover, withBrowser,
  withDemo, write,
} from "./support/demo.mjs";
import { invites, snapshot, transferTasks } from "./support/stage.mjs";

withBrowser();

const NOTES = "Upset: 49.90 was taken twice on 3 May, bank statement is at hand.";

/** All that a customer's SDK can read: the conversation, its messages and participants. */
async function customersSide(url) {
  const { conversations, messages, conversation_participants: participants } = await snapshot(url);
  return JSON.stringify({ conversations, messages, participants });
}

test("reason and notes reach who receives, with the reservation and at the top of the chat, and never the customer", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await reply(page, "ada", "I see both charges.");
  await write(page, "Please hurry.");
  await openDirectory(page, "ada");
  await choose(page, "ada", NAMES.bea, { reason: "Billing question", notes: NOTES });
  const card = desk(page, "bea").locator(".task.is-incoming");
  await card.getByText(`Billing question · ${NOTES}`).waitFor();
  await picture(page, "70-reservation");
  await accept(page, "bea");
  const told = desk(page, "bea").getByRole("region", { name: "Handover" });
  await told.getByText("Handed over by Ada Lindqvist").waitFor();
  await told.getByText("Billing question", { exact: true }).waitFor();
  await told.getByText(NOTES, { exact: true }).waitFor();
  await told.getByText("Only agents see this.").waitFor();
  await picture(page, "71-briefing");
  // It folds away, and back.
  await told.getByRole("button").click();
  await told.getByText(NOTES, { exact: true }).waitFor({ state: "hidden" });
  await told.getByRole("button").click();
  await told.getByText(NOTES, { exact: true }).waitFor();

  const text = await phone(page).innerText();
  for (const secret of [NOTES, "Billing question", "Handed over"]) assert.ok(!text.includes(secret), `the customer's page shows ${secret}`);
  const readable = await customersSide(url);
  for (const secret of ["bank statement", "Billing question", '\\"billing\\"', "transferReason", "transferNotes", "briefing"]) {
    assert.ok(!readable.includes(secret), `the customer's SDK can read ${secret}`);
  }
  assert.ok((await transferTasks(url))[0].attributes.includes("bank statement"), "the notes travel in the task, which only agents read");
}));

test("the summary tells who said what last, with where it comes from", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await reply(page, "ada", "I see both charges, one moment.");
  await write(page, "The amount is 49.90 each.");
  await history(page, "ada").getByText("The amount is 49.90 each.").waitFor();
  await invite(page, "ada", NAMES.bea, { notes: "Please have a look." });
  await accept(page, "bea");
  const told = desk(page, "bea").getByRole("region", { name: "Handover" });
  await told.getByText("Invited by Ada Lindqvist").waitFor();
  await told.getByRole("heading", { name: "Summary" }).waitFor();
  await told.getByText("Made from the messages.").waitFor();
  const digest = await told.locator(".briefing-digest").innerText();
  assert.match(digest, /49\.90/, "what the customer said last");
  assert.match(digest, /one moment/, "what the agent said last");
  await picture(page, "72-digest");
  assert.equal(await desk(page, "ada").getByRole("region", { name: "Handover" }).count(), 0, "who hands over needs none");
  const readable = await customersSide(url);
  assert.ok(!readable.includes("Please have a look"), "not in anything that the customer can read");
  assert.ok(!(await phone(page).innerText()).includes("Please have a look"));
}));

test("a required reason is asked for, and the notes are counted", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await option(page, "ada", NAMES.bea).click();
  const form = handover(page, "ada");
  const reason = form.getByRole("combobox", { name: "Reason" });
  assert.ok(await reason.evaluate((node) => node === document.activeElement), "the reason has the focus");
  assert.equal(await reason.getAttribute("aria-required"), "true");
  const notes = form.getByRole("textbox", { name: "Notes" });
  await notes.fill("x".repeat(45));
  await form.getByText("5 characters too long").waitFor();
  await notes.press("Enter");
  await form.getByRole("alert").getByText("Choose a reason for the transfer.").waitFor();
  await picture(page, "73-reason-required");
  await reason.selectOption({ label: "Return or exchange" });
  await notes.press("Enter");
  await form.getByRole("alert").getByText("The notes are too long.").waitFor();
  assert.equal(await invites(url), 0);
  await notes.fill("x".repeat(39));
  await form.getByText("1 character left").waitFor();
  await sendHandover(page, "ada", {});
  await accept(page, "bea");
  await desk(page, "bea").getByRole("region", { name: "Handover" }).getByText("Return or exchange", { exact: true }).waitFor();
  assert.equal(await invites(url), 1);
}, { env: { TRANSFER_REASON_REQUIRED: "true", TRANSFER_NOTES_MAX: "40" } }));
