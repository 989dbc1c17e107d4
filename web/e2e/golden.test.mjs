// The rules' golden cases, through the shipped module in the page; and what happens when an instance of it dies.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  accept, choose, desk, eventually, inConversation, openDirectory, transferButton, withBrowser, withDemo,
} from "./support/demo.mjs";
import { invites } from "./support/stage.mjs";

withBrowser();

const FOLDER = new URL("../../wasm/transfer/testdata/golden/", import.meta.url);
const AT_LEAST = 15;

test("the golden cases, in the browser", () => withDemo(async ({ page }) => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  assert.ok(names.length >= AT_LEAST, `${names.length} cases`);
  const cases = names.map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")));
  const answers = await page.evaluate(async (questions) => {
    const { loadTransfer } = await import("/wasm/loader.js");
    const faults = [];
    const transfer = await loadTransfer({ baseUrl: location.origin, onFault: (fault) => faults.push(fault) });
    const found = questions.map((question) => transfer.decide(question));
    transfer.close();
    return { found, faults };
  }, cases.map((one) => one.question));
  assert.deepEqual(answers.faults, []);
  cases.forEach((one, i) => assert.equal(difference("answer", one.want, answers.found[i]), "", `${names[i]}: ${one.name}`));
}));

/** How got differs from want, looking only at the members that want has; arrays have the same length. */
function difference(path, want, got) {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length) return `${path}: got ${JSON.stringify(got)}, want ${want.length} items`;
    return want.map((item, i) => difference(`${path}[${i}]`, item, got[i])).find(Boolean) ?? "";
  }
  if (want && typeof want === "object") {
    if (!got || typeof got !== "object") return `${path}: got ${JSON.stringify(got)}, want an object`;
    return Object.entries(want).map(([key, value]) => difference(`${path}.${key}`, value, got[key])).find(Boolean) ?? "";
  }
  return want === got ? "" : `${path}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`;
}

/** Keeps hold of each instance of the module, so that a test can end it as a crash would. Runs in the page. */
function watchInstances() {
  globalThis.instances = [];
  for (let n = 1; n < 20; n += 1) {
    let host;
    Object.defineProperty(globalThis, `__flexTransfer${n}`, {
      configurable: true,
      get: () => host,
      set: (value) => {
        const { register } = value;
        host = { ...value, register: (exports) => register((globalThis.instances[n] = exports)) };
      },
    });
  }
}

test("an instance of the module that dies is started anew, and the desk goes on", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  await desk(page, "ada").locator('[data-directory-button][data-state="enabled"]').waitFor();
  const alive = () => page.evaluate(() => globalThis.instances.length);
  const before = await alive();
  await page.evaluate(() => globalThis.instances.at(-1).stop());
  await eventually(async () => (await alive()) > before, "a new instance");
  await transferButton(page, "ada").waitFor();
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
  assert.equal(await invites(url), 1);
}, { prepare: (page) => page.addInitScript(watchInstances) }));

test("an instance that dies with a request under way leaves a request that can be tried again", () => withDemo(async ({ page, proxy, url }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  for (const path of ["/v1/transfers", "/v1/events", "/stage/live"]) proxy.hold(path);
  await choose(page, "ada", "Bea Ortiz");
  await eventually(async () => (await invites(url)) === 1, "the request has reached Twilio");
  await page.evaluate(() => globalThis.instances.at(-1).stop());
  await desk(page, "ada").getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  for (const path of ["/v1/transfers", "/v1/events"]) proxy.release(path);
  await desk(page, "ada").getByRole("alert").getByRole("button", { name: "Try again" }).click();
  proxy.release("/stage/live");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
  assert.equal(await invites(url), 1, "trying again made no second invite");
}, { prepare: (page) => page.addInitScript(watchInstances) }));
