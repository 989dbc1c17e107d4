// Several agents in one conversation: brought in, listed, removed, leaving; and the customer never alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, choose, confirm, desk, eventually, history, inConversation, invite, leave, NAMES, openDirectory, option, outstanding, participants, phone,
  picture, reply, sendHandover, showPeople, soon, withBrowser, withDemo, write,
} from "./support/demo.mjs";
import { agentsAre, agentsIn, invites, snapshot, transferTasks, watchAlone } from "./support/stage.mjs";

withBrowser();

const exit = (page, who, name) => desk(page, who).getByRole("button", { name, exact: true });

/** Ada has the conversation, and Bea joins it. */
async function bothIn(page) {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  const told = soon(desk(page, "ada").getByText(/^Bea Ortiz accepted in/));
  await accept(page, "bea");
  await told;
}

test("a colleague is brought in, both talk with the customer, and the one who invited leaves", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await desk(page, "bea").getByText("Ada invites you to join").first().waitFor();
  await picture(page, "50-warm-ringing");
  const joined = soon(desk(page, "ada").getByText(/^Bea Ortiz accepted in/));
  await accept(page, "bea");
  await joined;
  await reply(page, "ada", "Bea is with us now.");
  await reply(page, "bea", "Hello, I look into it.");
  await write(page, "Thank you both.");
  for (const who of ["ada", "bea"]) await history(page, who).getByText("Thank you both.").waitFor();
  await phone(page).getByText("with Ada Lindqvist, Bea Ortiz").waitFor();
  await picture(page, "51-warm-both");

  await exit(page, "ada", "Leave").click();
  await desk(page, "ada").getByRole("alertdialog").getByText("The customer goes on with Bea Ortiz.").waitFor();
  await picture(page, "52-warm-leave");
  const told = soon(desk(page, "bea").getByText("Ada Lindqvist has left the conversation."));
  await confirm(page, "ada", "Leave");
  await phone(page).getByText("with Bea Ortiz", { exact: true }).waitFor();
  await told;
  await exit(page, "bea", "End").waitFor();
  await agentsAre(url, ["bea"]);
  assert.equal((await snapshot(url)).conversations[0].state, "active");
}));

test("the tab of participants counts, names and marks everybody", () => withDemo(async ({ page, url }) => {
  await bothIn(page);
  await invite(page, "bea", NAMES.chidi);
  await accept(page, "chidi");
  await showPeople(page, "bea");
  await eventually(async () => (await participants(page, "bea").count()) === 4, "four are listed");
  const lines = (await participants(page, "bea").allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
  assert.ok(lines.some((line) => /Maria Gomez Customer$/.test(line)), lines.join(" | "));
  assert.ok(lines.some((line) => /Bea Ortiz \(you\) Agent$/.test(line)), "oneself is marked, and cannot be removed");
  assert.ok(lines.some((line) => /Ada Lindqvist Agent Remove$/.test(line)), lines.join(" | "));
  assert.ok(lines.some((line) => /Chidi Okafor Agent Remove$/.test(line)), lines.join(" | "));
  assert.equal(await desk(page, "bea").getByRole("tab", { name: "Participants , 4 participants" }).count(), 1, "the badge is spoken");
  await agentsAre(url, ["ada", "bea", "chidi"]);
  await picture(page, "53-three-agents");
}));

test("an outstanding invite is listed with its age and deadline, holds back cold transfers, and is canceled", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  await showPeople(page, "ada");
  const line = outstanding(page, "ada");
  await line.getByText("Invited by you").waitFor();
  const age = async () => Number(/for (\d+)/.exec(await line.innerText())?.[1] ?? 0);
  const left = async () => {
    const [, minutes = 0, seconds] = /(?:(\d+) min )?(\d+) s left/.exec(await line.innerText()) ?? [];
    return Number(minutes) * 60 + Number(seconds);
  };
  const [age1, left1] = [await age(), await left()];
  assert.ok(left1 > 30 && left1 <= 60, `${left1} s left of a minute`);
  await eventually(async () => (await age()) > age1 && (await left()) < left1, "its age counts up, its deadline down");
  await openDirectory(page, "ada");
  await option(page, "ada", NAMES.chidi).click();
  await desk(page, "ada").locator(".segment").getByText("Transfer", { exact: true }).click();
  await desk(page, "ada").getByText(/Somebody has been invited and has not joined yet/).first().waitFor();
  assert.equal(await desk(page, "ada").locator(".handover [type=submit]").getAttribute("aria-disabled"), "true", "no cold transfer meanwhile");
  await picture(page, "54-invite-outstanding");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");

  await line.getByRole("button", { name: "Cancel the invite to Bea Ortiz" }).dblclick();
  await line.waitFor({ state: "detached" });
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor({ state: "hidden" });
  await desk(page, "ada").getByText("The invite to Bea Ortiz was canceled").first().waitFor();
  await picture(page, "55-invite-canceled");
  await desk(page, "ada").locator('[data-exit="end"][data-state="enabled"]').waitFor();
  await openDirectory(page, "ada");
  await choose(page, "ada", NAMES.chidi);
  await accept(page, "chidi");
  await agentsAre(url, ["chidi"]);
}));

test("an agent is removed by another, after a question; the customer and oneself cannot be", () => withDemo(async ({ page, url }) => {
  await bothIn(page);
  await showPeople(page, "bea");
  assert.equal(await participants(page, "bea").getByRole("button").count(), 1);
  const button = desk(page, "bea").getByRole("button", { name: "Remove Ada Lindqvist from the conversation" });
  await button.click();
  const question = desk(page, "bea").getByRole("alertdialog", { name: "Remove Ada Lindqvist?" });
  await question.waitFor();
  await picture(page, "56-remove");
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  assert.ok(await button.evaluate((node) => node === document.activeElement), "the focus goes back");
  await agentsAre(url, ["ada", "bea"]);
  await button.click();
  await confirm(page, "bea", "Remove");
  await desk(page, "ada").getByText("Bea Ortiz has removed you from the conversation.").waitFor();
  await eventually(async () => (await participants(page, "bea").count()) === 2, "Ada is off the list");
  await agentsAre(url, ["bea"]);
  await picture(page, "57-removed");
}));

test("End becomes Leave while somebody else is in or asked, and End again when alone", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await exit(page, "ada", "End").waitFor();
  await invite(page, "ada", NAMES.bea);
  await exit(page, "ada", "Leave").waitFor();
  assert.equal(await exit(page, "ada", "End").count(), 0);
  await accept(page, "bea");
  await exit(page, "bea", "Leave").waitFor();
  await leave(page, "bea");
  await exit(page, "ada", "End").waitFor();
  await exit(page, "ada", "End").click();
  await desk(page, "ada").getByRole("alertdialog").getByText(/It ends for the customer too/).waitFor();
  await confirm(page, "ada", "End");
  await phone(page).getByText("This conversation is over.").waitFor();
  await agentsAre(url, []);
  assert.equal((await snapshot(url)).conversations[0].state, "closed");
}));

test("an agent leaves while an invite is live: the invite is not cut off, and the customer gets who was asked", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  await exit(page, "ada", "Leave").click();
  await desk(page, "ada").getByRole("alertdialog").getByText("The customer waits for Bea Ortiz, whom you leave in charge.").waitFor();
  await confirm(page, "ada", "Leave");
  await agentsAre(url, []);
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
  await agentsAre(url, ["bea"]);
  assert.equal((await transferTasks(url)).length, 1);
}));

test("two agents leave at once: one of them stays, or the conversation is with somebody who was asked", () => withDemo(async ({ page, url }) => {
  await bothIn(page);
  const alone = watchAlone(url);
  for (const who of ["ada", "bea"]) await exit(page, who, "Leave").click();
  // Both say yes in the same instant.
  await page.evaluate(() => [...document.querySelectorAll("[role=alertdialog]:not([hidden]) .button-destructive")].forEach((button) => button.click()));
  await desk(page, "ada").getByRole("alert").or(desk(page, "bea").getByRole("alert")).getByText(/You are the last agent here|Other agents|not in this conversation/).first().waitFor();
  await eventually(async () => (await agentsIn(url)).length === 1, "one is still there");
  await picture(page, "58-two-leave");
  assert.deepEqual(await alone(), [], "the customer was never alone");
}, { expected: [/status of 409/] }));

test("nobody is invited twice, nor while in the conversation", () => withDemo(async ({ page, url }) => {
  await bothIn(page);
  await invite(page, "ada", NAMES.chidi);
  await openDirectory(page, "bea");
  await option(page, "bea", NAMES.chidi).getByText(/already been invited/).waitFor();
  await option(page, "bea", NAMES.ada).getByText(/already in the conversation/).waitFor();
  await option(page, "bea", NAMES.ada).click({ force: true });
  await option(page, "bea", NAMES.chidi).click({ force: true });
  assert.equal(await desk(page, "bea").locator(".handover:not([hidden])").count(), 0, "they cannot be chosen");
  await picture(page, "59-invited-already");
  // A queue does not offer the conversation to those who are in it: Billing has Ada and Bea alone.
  await choose(page, "bea", "Billing", { mode: "warm" });
  await eventually(async () => (await transferTasks(url)).length === 3, "the queue is asked");
  const { reservations, tasks } = await snapshot(url);
  const task = tasks.find((one) => JSON.parse(one.attributes).transferQueueName === "Billing");
  assert.equal(reservations.filter((one) => one.task_sid === task.sid).length, 0, "neither of them was offered it");
}));

test("a double click in two tabs makes one invite", () => withDemo(async ({ page, proxy, browser, url }) => {
  await inConversation(page);
  const other = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  const second = await other.newPage();
  await second.goto(`${proxy.url}/?desk=ada`);
  for (const one of [page, second]) {
    await openDirectory(one, "ada");
    await option(one, "ada", NAMES.bea).click();
    await desk(one, "ada").getByRole("textbox", { name: "Notes" }).waitFor();
  }
  await Promise.all([page, second].map((one) => sendHandover(one, "ada", { mode: "warm" })));
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor();
  await second.getByText("Ringing Bea Ortiz…").first().waitFor();
  await page.getByText("Ringing Bea Ortiz…").first().waitFor();
  assert.equal(await invites(url), 1);
  assert.equal((await transferTasks(url)).length, 1);
  await other.close();
}, { expected: [/status of 409/] }));
