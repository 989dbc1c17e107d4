// The page speaks the language that is asked for, or the reader's, in what it shows and in what it refuses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NAMES, picture, withBrowser, withDemo } from "./support/demo.mjs";
import { invites, setActivity } from "./support/stage.mjs";

withBrowser();

const REFUSED = [/status of 409/];
const wordsOf = (language) => JSON.parse(readFileSync(new URL(`../words/${language}.json`, import.meta.url)));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Makes the browser one whose reader wants these languages, the most wanted first. */
const reading = (...languages) => (page) => page.addInitScript((wanted) => {
  Object.defineProperty(navigator, "languages", { get: () => wanted });
}, languages);

/** A chat is begun, accepted, and offered to an agent who has just gone offline, all by this language's words. */
async function refusedIn(language, { page, proxy, url }) {
  const words = wordsOf(language);
  const phone = page.getByRole("region", { name: words["customer.label"] });
  await phone.getByRole("textbox", { name: words["customer.first"] }).fill("…");
  await phone.getByRole("button", { name: words["customer.start"] }).click();
  const desk = page.getByRole("region", { name: fill(words["desk.label"], { name: NAMES.ada }) });
  const customer = words["customer.defaultName"];
  await desk.getByRole("button", { name: fill(words["task.acceptFrom"], { name: customer }), exact: true }).click();
  await desk.locator('[data-directory-button][data-state="enabled"]').waitFor();
  await desk.getByRole("button", { name: words["transfer.button"], exact: true }).click();
  await desk.getByRole("combobox", { name: words["directory.search"] }).waitFor();
  proxy.hold("/stage/live");
  proxy.hold("/v1/events");
  await setActivity(url, "bea", "Offline");
  await desk.getByRole("option", { name: NAMES.bea }).first().click();
  await desk.getByRole("textbox", { name: words["handover.notes"] }).press("Enter");
  await desk.getByRole("alert").getByText(words["reason.TARGET_UNAVAILABLE"], { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), language);
  assert.equal(await invites(url), 0);
  await picture(page, `20-language-${language}`);
}

test("?lang= sets the language, whatever the browser's is", () => withDemo((demo) => refusedIn("th", demo), { path: "/?lang=th", expected: REFUSED }));

for (const [locale, language] of [["pt-BR", "pt-BR"], ["zh-CN", "zh-Hans"], ["es-AR", "es-MX"]]) {
  test(`without it, a browser in ${locale} is served ${language}`, () => withDemo((demo) => refusedIn(language, demo), { prepare: reading(locale, "en"), expected: REFUSED }));
}

test("a whole warm transfer in Spanish: reasons, participants, what happens, leaving", () => withDemo(async ({ page }) => {
  const words = wordsOf("es-MX");
  const desk = (name) => page.getByRole("region", { name: fill(words["desk.label"], { name }) });
  const customer = page.getByRole("region", { name: words["customer.label"] });
  await customer.getByRole("textbox", { name: words["customer.first"] }).fill("Me cobraron dos veces.");
  await customer.getByRole("button", { name: words["customer.start"] }).click();
  const taskFrom = (name) => desk(name).getByRole("button", { name: fill(words["task.acceptFrom"], { name: words["customer.defaultName"] }), exact: true });
  await taskFrom(NAMES.ada).click();
  const ada = desk(NAMES.ada);
  await ada.getByRole("button", { name: words["transfer.button"], exact: true }).click();
  await ada.getByRole("option", { name: NAMES.bea }).first().click();
  await ada.locator(".segment").getByText(words["transfer.invite"], { exact: true }).click();
  await ada.getByRole("dialog", { name: fill(words["transfer.inviteName"], { name: NAMES.bea }) }).waitFor();
  await ada.getByRole("combobox", { name: words["handover.reason"] }).selectOption({ label: "Pregunta sobre facturación" });
  await picture(page, "25-spanish-form");
  await ada.getByRole("textbox", { name: words["handover.notes"] }).press("Enter");
  await ada.getByText(fill(words["progress.ringingAgent"], { name: NAMES.bea })).waitFor();
  await desk(NAMES.bea).getByText("Pregunta sobre facturación").first().waitFor();
  await taskFrom(NAMES.bea).click();
  await ada.getByRole("tab", { name: new RegExp(`^${words["people.title"]}`) }).click();
  await ada.getByRole("list", { name: words["people.title"], exact: true }).getByText(NAMES.bea).waitFor(); // what leaving means depends on it
  await picture(page, "26-spanish-both");
  await ada.getByRole("button", { name: words["desk.leave"], exact: true }).click();
  await ada.getByText(fill(words["exit.leaveText"], { names: NAMES.bea })).waitFor();
  await ada.getByRole("alertdialog").getByRole("button", { name: words["desk.leave"], exact: true }).click();
  await desk(NAMES.bea).getByText(fill(words["notice.left"], { name: NAMES.ada })).waitFor();
}, { path: "/?lang=es-MX" }));

test("the nearest language is chosen, and English where there is none", () => withDemo(async ({ page }) => {
  const chosen = {
    "en-GB": "en-US", en: "en-US", es: "es-ES", "es-ES": "es-ES", "es-419": "es-MX", "es-AR": "es-MX", "es-US": "es-MX",
    pt: "pt-BR", "pt-PT": "pt-BR", th: "th", "th-TH": "th", zh: "zh-Hans", "zh-CN": "zh-Hans", "zh-Hans-SG": "zh-Hans",
    "zh-TW": "en-US", "zh-Hant-HK": "en-US", "de-DE": "en-US", "not a tag": "en-US", "": "en-US",
    "fr-FR,pt-BR": "pt-BR", "zh-TW,th": "th", "en-GB,es": "en-US", "*,es": "es-ES",
  };
  const got = await page.evaluate(async (lists) => {
    const { chooseLanguage } = await import("/web/demo/words.js");
    return Object.fromEntries(lists.map((list) => [list, chooseLanguage([null, ...list.split(",")]).language]));
  }, Object.keys(chosen));
  assert.deepEqual(got, chosen);
  assert.equal(await page.evaluate(async () => (await import("/web/demo/words.js")).chooseLanguage(["en-GB"]).locale), "en-GB");
}));

test("a key that a language misses is said in English", () => withDemo(async ({ page }) => {
  const english = wordsOf("en-US");
  await page.getByRole("button", { name: english["top.reset"] }).waitFor();
  await page.getByRole("region", { name: wordsOf("th")["customer.label"] }).waitFor();
}, {
  path: "/?lang=th",
  prepare: (page) => page.route("**/web/words/th.json", (route) => {
    const { "top.reset": _, ...rest } = wordsOf("th");
    return route.fulfill({ json: rest });
  }),
}));
