// The page by keyboard alone, and as a screen reader has it.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, begin, choose, desk, handover, inConversation, invite, openDirectory, option, phone, picture, sendHandover, showPeople, soon, transferButton,
  withBrowser, withDemo,
} from "./support/demo.mjs";
import { invites } from "./support/stage.mjs";

withBrowser();

/** Presses Tab until the focus is where it should be; fails if it never gets there. */
async function tabTo(page, locator, limit = 60) {
  for (let i = 0; i < limit; i += 1) {
    if (await locator.evaluate((node) => node === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${locator}`);
}

test("the whole story by keyboard", () => withDemo(async ({ page, url }) => {
  await tabTo(page, phone(page).getByRole("textbox", { name: "Message" }));
  await page.keyboard.type("Hello?");
  await page.keyboard.press("Enter");
  await desk(page, "ada").getByRole("button", { name: /^Accept/ }).waitFor();
  await tabTo(page, desk(page, "ada").getByRole("button", { name: /^Accept/ }));
  await page.keyboard.press("Enter");
  await desk(page, "ada").locator('[data-directory-button][data-state="enabled"]').waitFor();
  await tabTo(page, transferButton(page, "ada"));
  await page.keyboard.press("Enter");
  const search = desk(page, "ada").getByRole("combobox", { name: "Search agents and queues" });
  assert.ok(await search.evaluate((node) => node === document.activeElement), "the search box has the focus");

  await page.keyboard.press("Escape");
  assert.equal(await search.isVisible(), false, "Escape closes");
  assert.ok(await transferButton(page, "ada").evaluate((node) => node === document.activeElement), "the focus goes back to the button");

  await page.keyboard.press("Enter");
  await page.keyboard.type("o");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("bea");
  await option(page, "ada", "Chidi Okafor").waitFor({ state: "detached" });
  const active = await search.getAttribute("aria-activedescendant");
  assert.match(await page.locator(`[id="${active}"]`).innerText(), /Bea Ortiz/);
  await page.keyboard.press("Enter");
  await handover(page, "ada").waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await search.evaluate((node) => node === document.activeElement), "Escape goes back to the directory");
  await page.keyboard.type("bea");
  await page.keyboard.press("Enter");
  await handover(page, "ada").waitFor();
  await page.keyboard.type("Charged twice in May.");
  await page.keyboard.press("Enter");
  await desk(page, "bea").getByRole("button", { name: /^Accept/ }).waitFor();
  await tabTo(page, desk(page, "bea").getByRole("button", { name: /^Accept/ }));
  await page.keyboard.press("Enter");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
  assert.equal(await invites(url), 1);
}));

test("a warm transfer by keyboard: reason, notes, participants, leaving", () => withDemo(async ({ page, url }) => {
  await inConversation(page);
  const ada = desk(page, "ada");
  await ada.locator('[data-directory-button][data-state="enabled"]').waitFor();
  await tabTo(page, transferButton(page, "ada"));
  await page.keyboard.press("Enter");
  await page.keyboard.type("bea");
  await option(page, "ada", "Chidi Okafor").waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await handover(page, "ada").waitFor();
  // Back from the notes to the kind of transfer, with the arrows to the other one.
  for (let i = 0; i < 10 && !(await page.evaluate(() => document.activeElement.value === "cold")); i += 1) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ArrowRight");
  await ada.getByRole("dialog", { name: "Invite Bea Ortiz" }).waitFor();
  await tabTo(page, handover(page, "ada").getByRole("combobox", { name: "Reason" }));
  await page.keyboard.type("Ret");
  await tabTo(page, handover(page, "ada").getByRole("textbox", { name: "Notes" }));
  await page.keyboard.type("First line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await desk(page, "bea").getByText(/Return or exchange · First line/).waitFor();
  assert.ok(await transferButton(page, "ada").evaluate((node) => node === document.activeElement), "the focus is back on the button");

  await tabTo(page, desk(page, "bea").getByRole("button", { name: /^Accept/ }));
  const told = soon(ada.getByText(/^Bea Ortiz accepted in/));
  await page.keyboard.press("Enter");
  await told;
  await tabTo(page, ada.getByRole("tab", { name: "Chat" }), 120);
  await page.keyboard.press("ArrowRight");
  await ada.getByRole("button", { name: "Remove Bea Ortiz from the conversation" }).waitFor();
  assert.equal(await ada.getByRole("tab", { name: /^Participants/ }).getAttribute("aria-selected"), "true");
  await tabTo(page, ada.getByRole("button", { name: "Leave", exact: true }), 120);
  await page.keyboard.press("Enter");
  const question = ada.getByRole("alertdialog", { name: "Leave the conversation?" });
  await question.waitFor();
  await page.keyboard.press("Enter"); // what has the focus is the way back: nobody leaves by accident
  await question.waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await question.waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await phone(page).getByText("with Bea Ortiz", { exact: true }).waitFor();
  assert.equal(await invites(url), 1);
}));

test("the arrows wrap round and pass over nothing", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  const search = desk(page, "ada").getByRole("combobox", { name: "Search agents and queues" });
  const current = async () => page.locator(`[id="${await search.getAttribute("aria-activedescendant")}"]`).locator(".directory-name").innerText();
  await option(page, "ada", "Archive").getByText(/No transfer rule/).waitFor(); // the backend's directory is in
  const count = await desk(page, "ada").getByRole("listbox").getByRole("option").count();
  const first = await current();
  const seen = new Set();
  for (let i = 0; i < count; i += 1) {
    seen.add(await current());
    await page.keyboard.press("ArrowDown");
  }
  assert.equal(await current(), first, "after the last comes the first");
  assert.equal(seen.size, count, "every entry is reached, also one that cannot be chosen: its reason is read there");
  await page.keyboard.press("ArrowUp");
  assert.notEqual(await current(), first);
  await search.fill("zzz");
  await desk(page, "ada").getByText("Nothing matches “zzz”.").waitFor();
  assert.equal(await search.getAttribute("aria-activedescendant"), null);
  await picture(page, "20-nothing-found");
}));

test("the reason of a button that cannot be used is reached by keyboard and screen reader", () => withDemo(async ({ page, proxy }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  for (const path of ["/v1/transfers", "/v1/events", "/stage/live"]) proxy.hold(path);
  await choose(page, "ada", "Bea Ortiz");
  // All at once: the module waits for an answer for fifteen seconds.
  const { focus, why, visible } = await desk(page, "ada").locator('[data-directory-button][data-state="busy"]').evaluate((button) => {
    button.focus();
    const reason = document.getElementById(button.getAttribute("aria-describedby"));
    return { focus: button === document.activeElement, why: reason.innerText, visible: reason.checkVisibility({ visibilityProperty: true }) };
  });
  assert.ok(focus, "it can have the focus");
  assert.ok(why.length > 10, "its description is the reason");
  assert.ok(visible, "which can be seen");
  for (const path of ["/v1/transfers", "/v1/events", "/stage/live"]) proxy.release(path);
}));

test("everything that can be used has a name, and the page its landmarks", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await invite(page, "ada", "Bea Ortiz");
  await showPeople(page, "ada");
  await openDirectory(page, "ada");
  await option(page, "ada", "Chidi Okafor").click();
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, textarea, [role=option], [role=dialog], [role=listbox], [tabindex='0']")]
    .filter((node) => node.checkVisibility())
    .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.labels?.[0]?.textContent.trim() || node.textContent.trim()))
    .map((node) => node.outerHTML.slice(0, 120)));
  assert.deepEqual(nameless, []);
  const broken = await page.evaluate(() => ["aria-labelledby", "aria-describedby", "aria-controls", "aria-activedescendant"].flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].flatMap((node) => node.getAttribute(name).split(" ").filter((id) => !document.getElementById(id)).map((id) => `${name}=${id}`))));
  assert.deepEqual(broken, [], "what an attribute names is there");
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((node) => node.id));
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  assert.equal(await page.getByRole("main").count(), 1);
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
  for (const name of ["Ada Lindqvist’s desk", "Bea Ortiz’s desk", "Chidi Okafor’s desk", "The customer’s phone"]) {
    assert.equal(await page.getByRole("region", { name, exact: true }).count(), 1, name);
  }
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en-US");
}));

test("text stands out from its ground by WCAG AA", () => withDemo(async ({ page }) => {
  await begin(page);
  assert.deepEqual(await page.evaluate(lowContrast), []);
  await accept(page, "ada");
  await openDirectory(page, "ada");
  assert.deepEqual(await page.evaluate(lowContrast), []);
  await option(page, "ada", "Chidi Okafor").click();
  assert.deepEqual(await page.evaluate(lowContrast), []);
  await sendHandover(page, "ada", { mode: "warm", reason: "Billing question", notes: "Look at May." });
  await desk(page, "chidi").getByRole("button", { name: /^Accept/ }).waitFor();
  assert.deepEqual(await page.evaluate(lowContrast), []);
  await accept(page, "chidi");
  await showPeople(page, "chidi");
  await desk(page, "ada").getByRole("button", { name: "Leave", exact: true }).click();
  assert.deepEqual(await page.evaluate(lowContrast), []);
  await page.keyboard.press("Escape");
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
  await desk(page, "ada").getByText(/^Bea Ortiz accepted in/).waitFor();
  assert.deepEqual(await page.evaluate(lowContrast), []);
}));

test("no sideways scrolling on a laptop, and the panes fit the screen", () => withDemo(async ({ page }) => {
  await inConversation(page);
  for (const [width, height] of [[1366, 768], [1280, 720], [1920, 1080], [1024, 768], [390, 844]]) {
    await page.setViewportSize({ width, height });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `${width} × ${height}`);
    if (width >= 1280) assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight), true, `${width} × ${height} fits`);
    await picture(page, `21-${width}`);
  }
}));

/** The texts whose contrast is below 4.5 (3 for large ones). Runs in the page. */
function lowContrast() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, bottom) => [0, 1, 2].map((i) => top[i] * top[3] + bottom[i] * (1 - top[3]));
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const animation of document.getAnimations()) animation.finish?.call && animation.effect.getComputedTiming().iterations !== Infinity && animation.finish();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || node.closest(".visually-hidden, noscript")) continue;
    const style = getComputedStyle(node);
    const below = ground(node);
    const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.add(`${text.data.trim().slice(0, 40)}: ${ratio.toFixed(2)} (${node.className})`);
  }
  return [...found];
}
