// What becomes of a transfer, as the agents see it while it happens: accepted, declined, not answered, gone off, redirected.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, choose, desk, eventually, handover, history, inConversation, invite, NAMES, openDirectory, option, phone, picture, transferButton, withBrowser, withDemo, write,
} from "./support/demo.mjs";
import { agentsAre, invites, setActivity, snapshot, transferTasks } from "./support/stage.mjs";

withBrowser();

const SLOW_MS = 90_000;

/** Ada hands the conversation over to somebody. */
async function handOver(page, name, more) {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", name, more);
}

test("leaving on accept: the agent stays with the customer until the target has accepted, and may cancel", () => withDemo(async ({ page, url }) => {
  await handOver(page, NAMES.bea, { leaveOn: "accept" });
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await desk(page, "ada").getByText("You leave once Bea Ortiz accepts.").waitFor();
  await desk(page, "ada").getByText(/^([2-9]|\d\d) s$/).first().waitFor(); // the seconds count
  await agentsAre(url, ["ada"]);
  await write(page, "Are you still there?");
  await history(page, "ada").getByText("Are you still there?").waitFor();
  // Meanwhile the way out is held back, with the reason.
  const out = desk(page, "ada").locator("[data-exit]");
  assert.equal(await out.getAttribute("aria-disabled"), "true");
  const why = await out.getAttribute("aria-describedby");
  assert.equal(await page.locator(`[id="${why}"]`).textContent(), "A transfer of this conversation is under way.");
  await picture(page, "60-leave-on-accept");

  await desk(page, "ada").getByRole("button", { name: "Cancel the transfer" }).click();
  await desk(page, "ada").getByText("The invite to Bea Ortiz was canceled").first().waitFor();
  await agentsAre(url, ["ada"]);
  await openDirectory(page, "ada");
  await choose(page, "ada", NAMES.chidi, { leaveOn: "accept" });
  await accept(page, "chidi");
  await phone(page).getByText("with Chidi Okafor", { exact: true }).waitFor();
  await desk(page, "ada").getByText(/^Chidi Okafor accepted in \d/).waitFor();
  await agentsAre(url, ["chidi"]);
}));

test("leaving on accept: a decline leaves the conversation where it is", () => withDemo(async ({ page, url }) => {
  await handOver(page, NAMES.bea, { leaveOn: "accept" });
  await desk(page, "bea").getByRole("button", { name: /^Reject/ }).click();
  await desk(page, "ada").getByText("Bea Ortiz declined", { exact: true }).first().waitFor();
  await picture(page, "61-declined");
  await desk(page, "ada").locator('[data-directory-button][data-state="enabled"]').waitFor();
  await agentsAre(url, ["ada"]);
}));

test("a decline after the agent has left falls back to the agent, who is told why", () => withDemo(async ({ page, url }) => {
  await handOver(page, NAMES.bea);
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await agentsAre(url, []);
  await desk(page, "bea").getByRole("button", { name: /^Reject/ }).click();
  await desk(page, "ada").getByText("Comes back to you: Bea Ortiz declined").first().waitFor();
  await picture(page, "62-fallback");
  await accept(page, "ada");
  await phone(page).getByText("with Ada Lindqvist", { exact: true }).waitFor();
  await agentsAre(url, ["ada"]);
}));

test("a target that does not answer in time is given up, and the next in the list is asked", () => withDemo(async ({ page, url }) => {
  const rings = desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor(); // for twenty seconds
  await handOver(page, NAMES.bea);
  await rings;
  await desk(page, "ada").getByText("Bea Ortiz did not answer, trying Returns…").waitFor({ timeout: SLOW_MS });
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor({ state: "hidden" });
  await desk(page, "chidi").getByRole("button", { name: /^Accept/ }).waitFor();
  await picture(page, "63-timed-out");
  await accept(page, "chidi");
  await desk(page, "ada").getByText(/^Chidi Okafor accepted in/).waitFor();
  await agentsAre(url, ["chidi"]);
}, { env: { INVITE_TIMEOUT: "20s", FALLBACKS: '[{kind: queue, sid: WQ4e700000000000000000000000000001}]' } }));

test("a target that goes offline while being asked is given up", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor();
  await desk(page, "bea").getByRole("combobox", { name: "Bea Ortiz’s activity" }).selectOption("Offline");
  await desk(page, "ada").getByText("Bea Ortiz went offline", { exact: true }).first().waitFor({ timeout: SLOW_MS });
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor({ state: "hidden" });
  await picture(page, "64-went-off");
  await agentsAre(url, ["ada"]);
}));

test("a colleague's transfer is shown to the others in the conversation", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await invite(page, "ada", NAMES.bea);
  await accept(page, "bea");
  await invite(page, "bea", NAMES.chidi);
  await desk(page, "ada").getByText("Ringing Chidi Okafor…").waitFor();
  await desk(page, "ada").getByText("Invited by Bea Ortiz").first().waitFor();
  await picture(page, "65-colleague");
  // Whoever is in the conversation may take the invite back.
  await desk(page, "ada").getByRole("button", { name: "Cancel the transfer" }).click();
  await desk(page, "bea").getByText("The invite to Chidi Okafor was canceled").first().waitFor();
  await desk(page, "chidi").getByRole("button", { name: /^Accept/ }).waitFor({ state: "hidden" });
}));

test("a conversation that was handed round too often goes to the supervisors, and the agent is told", () => withDemo(async ({ page, url }) => {
  await handOver(page, NAMES.bea);
  await accept(page, "bea");
  await openDirectory(page, "bea");
  await choose(page, "bea", NAMES.ada);
  await desk(page, "bea").getByText("Handed over often: goes to Supervisors").waitFor();
  await desk(page, "bea").getByText("Waiting for somebody in Supervisors…").waitFor();
  await picture(page, "66-guard");
  const tasks = await transferTasks(url);
  assert.ok(tasks.some((task) => JSON.parse(task.attributes).transferQueueName === "Supervisors"));
  assert.equal(await desk(page, "ada").getByRole("button", { name: /^Accept/ }).count(), 0, "Ada is not asked");
}, { env: { PING_PONG_TRANSFERS: "1", PING_PONG_WITHIN: "10m" } }));

test("the leaving agent's task goes to wrap-up where that is set", () => withDemo(async ({ page, url }) => {
  await handOver(page, NAMES.bea);
  await accept(page, "bea");
  await desk(page, "ada").getByRole("button", { name: "Complete", exact: true }).waitFor();
  await picture(page, "67-wrapup");
  assert.ok((await snapshot(url)).tasks.some((task) => task.assignment_status === "wrapping"));
  await desk(page, "ada").getByRole("button", { name: "Complete", exact: true }).click();
  await eventually(async () => !(await snapshot(url)).tasks.some((task) => task.assignment_status === "wrapping"), "the task is completed");
  await agentsAre(url, ["bea"]);
}, { env: { LEAVE_AS: "wrapup" } }));

/** The kinds of transfer that a line of the open directory offers. */
const offered = (page, who, name) => option(page, who, name).locator(".directory-go:visible").evaluateAll((icons) => icons.map((one) => `${one.dataset.mode}${"off" in one.dataset ? " (off)" : ""}`));

test("a line of the directory offers to bring in and to hand over, and its icon chooses which", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  assert.deepEqual(await offered(page, "ada", NAMES.bea), ["warm", "cold"]);
  await option(page, "ada", NAMES.bea).hover();
  await picture(page, "68-icons");
  await option(page, "ada", NAMES.bea).locator('[data-mode="warm"]').click();
  await handover(page, "ada").getByRole("heading", { name: "Invite Bea Ortiz" }).waitFor();
  await page.keyboard.press("Escape");
  await option(page, "ada", NAMES.bea).locator('[data-mode="cold"]').click();
  await handover(page, "ada").getByRole("heading", { name: "Transfer to Bea Ortiz" }).waitFor();
  await page.keyboard.press("Escape");
  await choose(page, "ada", NAMES.bea, { mode: "warm" });
  await openDirectory(page, "ada");
  assert.deepEqual(await offered(page, "ada", NAMES.chidi), ["warm", "cold (off)"], "an outstanding invite holds back cold transfers");
  await option(page, "ada", NAMES.chidi).locator('[data-mode="cold"]').click();
  assert.ok(await option(page, "ada", NAMES.chidi).isVisible(), "it does nothing");
  assert.equal(await invites(url), 1);
}));

test("the account's switches: without cold transfers one invites, without invites one hands over, without either there is no button", async (t) => {
  await t.test("invites alone", () => withDemo(async ({ page, url }) => {
    await inConversation(page);
    await openDirectory(page, "ada");
    assert.deepEqual(await offered(page, "ada", NAMES.bea), ["warm"]);
    await choose(page, "ada", NAMES.bea, { mode: "warm" });
    await accept(page, "bea");
    await agentsAre(url, ["ada", "bea"]);
  }, { env: { COLD_TRANSFER: "false" } }));
  await t.test("cold transfers alone", () => withDemo(async ({ page, url }) => {
    await inConversation(page);
    await openDirectory(page, "ada");
    assert.deepEqual(await offered(page, "ada", NAMES.bea), ["cold"]);
    await choose(page, "ada", NAMES.bea);
    await accept(page, "bea");
    await agentsAre(url, ["bea"]);
  }, { env: { MULTI_PARTICIPANT: "false" } }));
  await t.test("neither", () => withDemo(async ({ page, url }) => {
    await inConversation(page);
    await desk(page, "ada").locator("[data-exit]").waitFor(); // the rules are there
    assert.equal(await transferButton(page, "ada").count(), 0);
    assert.equal(await invites(url), 0);
  }, { env: { COLD_TRANSFER: "false", MULTI_PARTICIPANT: "false" } }));
});
