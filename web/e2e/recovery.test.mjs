// Connections break, modules die, windows are opened twice: the page goes on by itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, begin, choose, desk, eventually, history, inConversation, invite, leave, openDirectory, phone, picture, withBrowser, withDemo,
} from "./support/demo.mjs";
import { invites, snapshot } from "./support/stage.mjs";

withBrowser();

const BROKEN = [/ERR_/, /Failed to load resource/];

test("a stream that is cut comes back, with what was missed", () => withDemo(async ({ page, proxy, url }) => {
  await inConversation(page);
  proxy.down();
  await page.getByText("Reconnecting…").waitFor();
  await picture(page, "40-reconnecting");
  const { conversations, interaction_participants: participants } = await snapshot(url);
  const author = participants.find((one) => one.type === "customer").media_properties.identity;
  await fetch(`${url}/stage/conversations/${conversations[0].sid}/messages`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ author, body: "Are you still there?" }),
  });
  proxy.up();
  await page.getByText("Live", { exact: true }).waitFor();
  await history(page, "ada").getByText("Are you still there?").waitFor();
  // And the streams of the backend are back as well: a transfer is followed to its end.
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
}, { expected: BROKEN }));

test("a transfer that ended while the streams were down is known after they are back", () => withDemo(async ({ page, proxy, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  proxy.down();
  const { reservations } = await snapshot(url);
  const ringing = reservations.find((one) => one.reservation_status === "pending");
  await fetch(`${url}/stage/reservations/${ringing.sid}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"action":"accept"}' });
  proxy.up();
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
}, { expected: BROKEN }));

test("the browser is offline for a while", () => withDemo(async ({ page, context }) => {
  await inConversation(page);
  await context.setOffline(true);
  await page.getByText("Reconnecting…").waitFor();
  await context.setOffline(false);
  await page.getByText("Live", { exact: true }).waitFor();
  await openDirectory(page, "ada");
}, { expected: BROKEN }));

test("a reload finds everything as it was", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await page.reload();
  await desk(page, "ada").getByText("Ringing Bea Ortiz…").waitFor();
  await history(page, "bea").getByText("Hello, I was charged twice.").waitFor();
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
}));

test("one window is live: a second one offers to take over, and does", () => withDemo(async ({ page, open }) => {
  await begin(page);
  const second = await open();
  await second.getByRole("button", { name: "Continue here" }).waitFor();
  await picture(second, "41-second-window");
  await accept(page, "ada"); // the first one works all the while
  await second.getByRole("button", { name: "Continue here" }).click();
  await page.getByText("The demo is open in another window").waitFor();
  await history(second, "ada").getByText("Hello, I was charged twice.").waitFor();
  await openDirectory(second, "ada");
  await choose(second, "ada", "Bea Ortiz");
  await accept(second, "bea");
  await second.close();
  await page.getByText("The demo is open in another window").waitFor({ state: "hidden" });
  await desk(page, "bea").getByRole("log").waitFor();
}));

test("a desk of its own", () => withDemo(async ({ page, open, url }) => {
  await begin(page);
  await page.close();
  const ada = await open("/?desk=ada");
  await accept(ada, "ada");
  assert.equal(await phone(ada).count(), 0);
  await picture(ada, "42-single-desk");
  await openDirectory(ada, "ada");
  await choose(ada, "ada", "Chidi Okafor");
  await desk(ada, "ada").getByText("Ringing Chidi Okafor…").waitFor();
  assert.equal(await invites(url), 1);
}));

test("the trace shows what reached Twilio, can be paused, filtered and cleared", () => withDemo(async ({ page }) => {
  const trace = page.getByRole("region", { name: "What reached Twilio" });
  const rows = trace.getByRole("row");
  const reads = rows.filter({ has: page.getByText("GET", { exact: true }) });
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  const invite = rows.filter({ hasText: "/Invites" }).filter({ hasText: "POST" });
  await invite.first().waitFor();
  assert.match(await invite.first().innerText(), /Backend[\s\S]*POST[\s\S]*20\d/);
  assert.equal(await rows.filter({ hasText: "reservation.created" }).count(), 0);
  await page.getByRole("checkbox", { name: /^Webhooks/ }).check();
  await rows.filter({ hasText: "reservation.created" }).first().waitFor();
  await page.getByRole("checkbox", { name: /^Reads/ }).uncheck();
  assert.equal(await reads.count(), 0);
  await page.getByRole("checkbox", { name: /^Reads/ }).check();
  await reads.first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await rows.count();
  await accept(page, "bea");
  await page.getByText(/^[1-9]\d* new while paused$/).waitFor();
  assert.equal(await rows.count(), before);
  await page.getByRole("button", { name: "Resume" }).click();
  await eventually(async () => (await rows.count()) > before, "the held ones are shown");
  await page.getByRole("button", { name: "Pause" }).click(); // what comes next takes the words away
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Requests to Twilio appear here as they happen.").waitFor();
}));

test("the guide leads through a cold transfer, then a warm one", () => withDemo(async ({ page }) => {
  const guide = page.getByRole("complementary", { name: "Try it" });
  const current = (words) => eventually(async () => (await guide.locator('[aria-current="step"]').innerText()).includes(words), words);
  await inConversation(page);
  await current("Transfer to Bea");
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await current("Accept as Bea");
  await accept(page, "bea");
  await guide.getByText("That was a cold transfer. Now a warm one:").waitFor();
  await current("Invite Chidi");
  await picture(page, "43-guide-warm");
  await invite(page, "bea", "Chidi Okafor");
  await current("Accept as Chidi");
  await accept(page, "chidi");
  await current("Leave as Bea");
  await leave(page, "bea");
  await guide.getByText(/^That was a warm transfer/).waitFor();
}));

test("as many desks as are asked for stand side by side", () => withDemo(async ({ page }) => {
  await page.getByRole("region", { name: "Sam Tanaka’s desk" }).waitFor();
  assert.equal(await page.getByRole("region", { name: /’s desk$/ }).count(), 4);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, "the page does not scroll sideways");
  await picture(page, "44-four-desks");
}, { path: "/?desks=ada,bea,chidi,sam" }));

test("the guide checks off what was done and can be hidden for good", () => withDemo(async ({ page }) => {
  const guide = page.getByRole("complementary", { name: "Try it" });
  const current = () => guide.locator('[aria-current="step"]').innerText();
  assert.match(await current(), /Write as the customer/);
  await begin(page);
  await eventually(async () => /Accept as Ada/.test(await current()), "step 2");
  await accept(page, "ada");
  await eventually(async () => /Transfer to Bea/.test(await current()), "step 3");
  await guide.getByRole("button", { name: "Hide these steps" }).click();
  assert.equal(await guide.count(), 0);
  await page.reload();
  await desk(page, "ada").waitFor();
  assert.equal(await guide.count(), 0);
}));
