// Flex's own directory in the place of the plugin's (directory.source: native): narrowed to what the rules allow, with the
// buttons that they allow. Then the plugin's directory by keyboard alone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import {
  accept, agentsIn, byTest, clear, eventually, goes, line, notice, openAgent, picture, send, snapshot, stage, startAll, startBrowser, state, talkTo, TEST_MS, twilio,
} from "./support.mjs";

const SETTINGS = `
transfer: {multiParticipant: true}
directory: {source: native, hideUnavailable: true}
permissions:
  - name: Chidi and the supervisors get nothing
    toWorkers: {deny: ["Chidi *"]}
    toQueues: {deny: [Supervisors]}
`;

const folder = mkdtempSync(join(tmpdir(), "flex-transfer-native-"));
const file = join(folder, "settings.yaml");
let server;
let browser;
let ada;

before(async () => {
  writeFileSync(file, SETTINGS);
  server = await startAll(["--config", file]);
  browser = await startBrowser(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
  await goes(server, "ada", "Available");
  ada = await openAgent(browser, server, "ada");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async (t) => {
  if (!t.passed) await picture(ada, `plugin-failed-${t.name.replaceAll(/\W+/g, "-").slice(0, 40)}`);
  await clear(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
});

const directory = () => ada.page.locator(".Twilio-WorkerDirectory");
const agents = () => directory().locator(".Twilio-WorkerDirectory-Worker");
const queues = () => directory().locator(".Twilio-WorkerDirectory-Queue");
const namesIn = (lines) => lines.evaluateAll((all) => all.map((one) => one.innerText.split("\n")[0].trim()));

async function openNative() {
  await byTest(ada.page, "flex-transfer-button").click();
  await agents().first().waitFor();
}

test("Flex's directory shows whom the rules allow, and hands over by their form", { timeout: TEST_MS }, async () => {
  await talkTo(server, ada, "Nora", "Hello, a question");
  for (const name of ["bea", "chidi"]) await goes(server, name, "Available");
  await openNative();
  assert.deepEqual(await namesIn(agents()), ["Bea Ortiz"], "neither oneself, nor Chidi, nor who is offline");
  await picture(ada, "plugin-80-native");
  await directory().getByText("Queues", { exact: true }).click();
  await queues().first().waitFor();
  const shown = await namesIn(queues());
  assert.equal(shown.includes("Supervisors"), false, shown.join());
  assert.ok(shown.includes("Everyone"), shown.join());
  await picture(ada, "plugin-81-native-queues");
  await directory().getByText("Agents", { exact: true }).click();
  await agents().filter({ hasText: "Bea Ortiz" }).getByTestId("cbm-cold-transfer-button").click();
  await byTest(ada.page, "flex-transfer-handover").getByText("Bea Ortiz").waitFor();
  await directory().waitFor({ state: "hidden" });
  await ada.page.getByLabel("Notes").fill("From Flex's own directory");
  await picture(ada, "plugin-82-native-form");
  await send(ada);
  await acceptAs("bea");
  await notice(ada, "Handed over to Bea Ortiz").waitFor();
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea alone is in the conversation");
});

test("it invites where the rules allow that", { timeout: TEST_MS }, async () => {
  await talkTo(server, ada, "Olga", "Hello, two questions");
  await goes(server, "bea", "Available");
  await openNative();
  await agents().filter({ hasText: "Bea Ortiz" }).getByRole("button").first().click();
  await byTest(ada.page, "flex-transfer-handover").getByText("Invite Bea Ortiz").waitFor();
  await ada.page.getByRole("button", { name: "Back" }).click();
  await agents().first().waitFor();
  await agents().filter({ hasText: "Bea Ortiz" }).getByRole("button").first().click();
  await send(ada);
  await acceptAs("bea");
  await notice(ada, "Bea Ortiz has joined").waitFor();
  assert.deepEqual(await agentsIn(server), ["ada", "bea"]);
});

test("the directory of a call is Flex's as it is", { timeout: TEST_MS }, async () => {
  const attributes = JSON.stringify({ name: "Hal", call_sid: `CA${"0".repeat(32)}`, direction: "inbound", conference: { sid: `CF${"0".repeat(32)}` } });
  const { workflows } = await twilio(server, "taskrouter", `/v1/Workspaces/${server.workspace}/Workflows`);
  const tasks = `/v1/Workspaces/${server.workspace}/Tasks`;
  const { sid } = await twilio(server, "taskrouter", tasks, { Attributes: attributes, TaskChannel: "voice", WorkflowSid: workflows[0].sid });
  await eventually(async () => (await state(ada)).tasks.some((task) => task.status === "pending"), "the call rings");
  await line(ada, "Hal").click();
  await ada.page.evaluate(async () => {
    const { Actions, Manager } = Twilio.Flex;
    const [task] = [...Manager.getInstance().store.getState().flex.worker.tasks.values()];
    await Actions.invokeAction("ShowDirectory", { task, sid: task.sid });
  });
  await agents().filter({ hasText: "Chidi Okafor" }).waitFor();
  await ada.page.evaluate(() => Twilio.Flex.Actions.invokeAction("HideDirectory"));
  await twilio(server, "taskrouter", `${tasks}/${sid}`, { AssignmentStatus: "canceled", Reason: "hung up" }); // else it rings again
});

test("settings change while Flex runs: the plugin's own directory, by keyboard alone, with a favourite that stays", { timeout: TEST_MS }, async () => {
  await talkTo(server, ada, "Pia", "By keyboard");
  await goes(server, "bea", "Available");
  writeFileSync(file, SETTINGS.replace("native", "own"));
  await notice(ada, "An administrator has changed").waitFor();
  const { page } = ada;
  const row = (sid) => page.getByTestId("flex-transfer-target").and(page.locator(`[data-sid=${sid}]`));
  const { workers } = await snapshot(server);
  const { sid } = workers.find((one) => one.friendly_name === "bea");
  await byTest(page, "flex-transfer-button").focus();
  await page.keyboard.press("Enter");
  await row(sid).waitFor();
  await page.keyboard.type("bea");
  await page.keyboard.press("Shift+Enter");
  await page.getByRole("rowgroup", { name: "Favorites" }).waitFor();
  await picture(ada, "plugin-83-keyboard");
  await page.keyboard.press("Escape");
  await byTest(page, "flex-transfer-directory").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "flex-transfer-button", "the focus is where it came from");
  await page.keyboard.press("Enter");
  await page.getByRole("rowgroup", { name: "Favorites" }).getByText("Bea Ortiz").waitFor();
  await page.keyboard.press("Enter");
  await byTest(page, "flex-transfer-handover").waitFor();
  await send(ada);
  await acceptAs("bea");
  await notice(ada, "Handed over to Bea Ortiz").waitFor();
});

/** A worker without a window accepts what is offered to them. */
async function acceptAs(name) {
  await eventually(async () => {
    const { reservations } = await snapshot(server);
    const offered = reservations.find((one) => one.worker_name === name && one.reservation_status === "pending");
    if (offered) await stage(server, `reservations/${offered.sid}`, { action: "accept" });
    return Boolean(offered);
  }, `${name} is offered the conversation`);
}
