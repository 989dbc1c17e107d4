// The settings file is changed while pages are open: they go by it within seconds, without a reload.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { desk, inConversation, picture, transferButton, withBrowser, withDemo } from "./support/demo.mjs";

withBrowser();

const FOLDER = mkdtempSync(join(tmpdir(), "flex-transfer-settings-"));
const FILE = join(FOLDER, "config.yaml");
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Puts another file in the place of the settings, as operators and Kubernetes do. */
function configure(text) {
  writeFileSync(`${FILE}.new`, text);
  renameSync(`${FILE}.new`, FILE);
}

const ON = "transfer: {coldTransfer: true, multiParticipant: true}";
const OFF = "transfer: {coldTransfer: false, multiParticipant: false}";

configure(ON);
test("two switches in the file turn the transfer button of an open page off, and on again", () => withDemo(async ({ page }) => {
  const enabled = desk(page, "ada").locator('[data-directory-button][data-state="enabled"]:visible');
  await inConversation(page);
  await enabled.waitFor();
  await page.evaluate(() => (globalThis.samePage = true));
  configure(OFF);
  await transferButton(page, "ada").waitFor({ state: "hidden" });
  await picture(page, "40-switched-off");
  configure("transfer: {coldTransfer: perhaps}"); // a mistake changes nothing
  await page.waitForTimeout(3000);
  assert.equal(await enabled.count(), 0, "a mistake switches nothing on");
  configure(ON);
  await enabled.waitFor();
  assert.ok(await page.evaluate(() => globalThis.samePage), "the page was not loaded again");
}, { env: { CONFIG: FILE } }));
