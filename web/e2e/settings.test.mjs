// The settings file is changed while pages are open: they go by it within seconds, without a reload.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accept, choose, desk, inConversation, NAMES, openDirectory, option, picture, transferButton, withBrowser, withDemo } from "./support/demo.mjs";
import { invites } from "./support/stage.mjs";

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
const MORE = "transfer: {leaveOnChoice: true}\nhandover: {reasons: [{code: vip, labels: {default: Very important}}], required: true}";
const OFF = "transfer: {coldTransfer: false, multiParticipant: false}";

configure(ON);
test("two switches in the file turn the transfer button of an open page off, and on again", () => withDemo(async ({ page }) => {
  const enabled = desk(page, "ada").locator('[data-directory-button][data-state="enabled"]:visible');
  await inConversation(page);
  await enabled.waitFor();
  await page.evaluate(() => (globalThis.samePage = true));
  configure(OFF);
  await transferButton(page, "ada").waitFor({ state: "hidden" });
  await picture(page, "76-switched-off");
  configure("transfer: {coldTransfer: perhaps}"); // a mistake changes nothing
  await page.waitForTimeout(3000);
  assert.equal(await enabled.count(), 0, "a mistake switches nothing on");
  configure(ON);
  await enabled.waitFor();
  assert.ok(await page.evaluate(() => globalThis.samePage), "the page was not loaded again");
}, { env: { CONFIG: FILE } }));

test("settings that change while the page is open change what it offers, and it says so", () => {
  configure(ON);
  return withDemo(async ({ page }) => {
    await inConversation(page);
    await openDirectory(page, "ada");
    await option(page, "ada", NAMES.bea).click();
    await desk(page, "ada").locator(".segment").first().waitFor(); // both kinds are offered
    configure(MORE);
    await desk(page, "ada").getByText("An administrator has changed the transfer settings.").waitFor();
    await desk(page, "ada").getByText("When they accept").waitFor(); // in the form that is open
    await picture(page, "77-settings-changed");
    await page.keyboard.press("Escape");
    await choose(page, "ada", NAMES.bea, { reason: "Very important", leaveOn: "accept" });
    await accept(page, "bea");
    await desk(page, "bea").getByText("Very important").first().waitFor();
  }, { env: { CONFIG: FILE } });
});

test("a module whose rules are not the backend's is replaced without a reload once nothing is under way", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await page.waitForFunction(() => globalThis.replaced);
  await openDirectory(page, "ada");
  await choose(page, "ada", NAMES.bea);
  await accept(page, "bea");
  const { rules } = await (await fetch(`${url}/wasm/manifest.json`)).json();
  assert.equal(await page.evaluate(() => globalThis.manifests), 2, "the module was loaded anew, once");
  assert.equal(await page.evaluate(() => globalThis.sentRules), rules, "and its rules are the backend's");
  assert.equal(await invites(url), 1);
}, { prepare: staleModule }));

/** The page's first manifest is of another build, as it is after a deployment. */
async function staleModule(page) {
  await page.addInitScript(() => {
    globalThis.manifests = 0;
    let host; // of the first module, which is stopped as another one takes its place
    Object.defineProperty(globalThis, "__flexTransfer1", { configurable: true, get: () => host,
      set: (value) => (host = { ...value, register: (exports) => value.register({ ...exports, stop: () => { globalThis.replaced = true; exports.stop(); } }) }) });
    const ask = globalThis.fetch;
    globalThis.fetch = async (url, options) => {
      if (String(url).endsWith("/v1/transfers")) globalThis.sentRules = JSON.parse(options.body).rules;
      const response = await ask(url, options);
      if (!String(url).endsWith("/wasm/manifest.json")) return response;
      globalThis.manifests += 1;
      const manifest = await response.json();
      return Response.json(globalThis.manifests === 1 ? { ...manifest, rules: "0123456789abcdef" } : manifest);
    };
  });
}
