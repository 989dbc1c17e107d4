// What cannot be done is refused with its reason, and what went wrong says what to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, choose, desk, inConversation, openDirectory, option, picture, transferButton, withBrowser, withDemo,
} from "./support/demo.mjs";
import { invites, setActivity, snapshot, transferTasks } from "./support/stage.mjs";

withBrowser();

const REFUSED = [/status of 409/, /status of 50[0-9]/];

test("an agent who is known to be away is listed with the reason and cannot be chosen", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await desk(page, "bea").getByRole("combobox", { name: "Bea Ortiz’s activity" }).selectOption("Break");
  await openDirectory(page, "ada");
  const bea = desk(page, "ada").locator('[role=option][aria-disabled="true"]', { hasText: "Bea Ortiz" });
  await bea.getByText(/Break · This agent is not available right now/).waitFor();
  await bea.click({ force: true });
  assert.equal(await invites(url), 0);
  await picture(page, "10-unavailable");
}));

test("a transfer to somebody who has just gone offline is refused with its reason", () => withDemo(async ({ page, proxy, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  // The page hears nothing of it: what it shows is a moment old, as it is on every real desk.
  proxy.hold("/stage/live");
  proxy.hold("/v1/events");
  await setActivity(url, "bea", "Offline");
  await choose(page, "ada", "Bea Ortiz");
  await desk(page, "ada").getByRole("alert").getByText("This agent is not available right now. Choose another agent or a queue.").waitFor();
  await picture(page, "11-gone-offline");
  assert.equal(await invites(url), 0, "Twilio was not asked for an invite");
  assert.equal((await snapshot(url)).interaction_participants.filter((one) => one.type === "agent").length, 1, "Ada is still in the conversation");
  proxy.release("/stage/live");
  proxy.release("/v1/events");
  await desk(page, "ada").locator('[data-directory-button][data-state="enabled"]').waitFor();
  // Somebody else can be chosen right away.
  await openDirectory(page, "ada");
  await choose(page, "ada", "Chidi Okafor");
  await accept(page, "chidi");
}, { expected: REFUSED }));

test("where Twilio's own transfers are on, the page says so once and stands aside", () => withDemo(async ({ page }) => {
  await inConversation(page);
  const said = desk(page, "ada").getByText(/Twilio’s own messaging transfers are switched on/);
  await said.waitFor();
  assert.equal(await transferButton(page, "ada").count(), 0);
  await page.getByRole("region", { name: "The customer’s phone" }).getByRole("textbox", { name: "Write as the customer" }).fill("Still there?");
  await page.keyboard.press("Enter");
  await desk(page, "ada").getByRole("log").getByText("Still there?").waitFor();
  assert.equal(await said.count(), 1, "it is said once");
}, { env: { NATIVE_TRANSFERS: "true" } }));

test("a queue that no transfer rule leads to is listed with the reason", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  const archive = desk(page, "ada").locator('[role=option][aria-disabled="true"]', { hasText: "Archive" });
  await archive.getByText(/No transfer rule leads to this queue/).waitFor();
}));

test("a request whose answer is lost can be tried again and makes one transfer", () => withDemo(async ({ page, proxy, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  proxy.hold("/v1/events"); // else the stream tells how it went before anybody can try again
  proxy.loseAnswer("POST", "/v1/transfers");
  await choose(page, "ada", "Bea Ortiz");
  const alert = desk(page, "ada").getByRole("alert");
  await alert.getByText(/trying again is safe/).waitFor();
  await picture(page, "12-lost-answer");
  await alert.getByRole("button", { name: "Try again" }).click();
  proxy.release("/v1/events");
  await accept(page, "bea");
  assert.equal(await invites(url), 1);
  assert.equal((await transferTasks(url)).length, 1);
}, { expected: [/ERR_CONTENT_LENGTH_MISMATCH|ERR_INCOMPLETE/, ...REFUSED] }));

for (const [fault, name, pattern] of [["Answer lost", "lost", /accepted in/], ["503", "503", /accepted in/], ["Slow", "slow", /accepted in/]]) {
  test(`the demo recovers from a fault of the next invite: ${fault}`, () => withDemo(async ({ page, url }) => {
    await inConversation(page);
    await page.getByRole("button", { name: "Faults" }).click();
    await page.getByRole("radio", { name: new RegExp(`^${fault}`) }).check();
    await page.getByRole("button", { name: `Next invite: ${fault}` }).waitFor();
    if (name === "lost") await picture(page, "13-faults");
    await openDirectory(page, "ada");
    await choose(page, "ada", "Bea Ortiz");
    const again = desk(page, "ada").getByRole("button", { name: "Try again" });
    const ring = desk(page, "bea").getByRole("button", { name: /^Accept/ });
    await again.or(ring).first().waitFor({ timeout: 90_000 });
    await picture(page, `13-fault-${name}`);
    if (await again.isVisible()) await again.click();
    await ring.waitFor({ timeout: 90_000 });
    await ring.click();
    await desk(page, "ada").getByText(pattern).waitFor({ timeout: 90_000 });
    assert.equal((await transferTasks(url)).length, 1, "one invite, whatever happened");
  }, { expected: REFUSED }));
}
