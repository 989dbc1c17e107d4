import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LANGUAGES, chooseLanguage, createWords, labelOf } from "./words.js";

const FOLDER = new URL("../../web/words/", import.meta.url);

test("there is a file for each language, and none besides", () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), LANGUAGES.map((one) => `${one}.json`).sort());
});

test("a text takes its values, and the language's own counts more than English", () => {
  const { t } = createWords({ english: { a: "{x} and {y}", b: "only English" }, own: { a: "{y} y {x}" }, locale: "es-MX" });
  assert.equal(t("a", { x: 1, y: "{x}" }), "{x} y 1", "a value is not filled again");
  assert.equal(t("b"), "only English");
  assert.equal(t("a", { x: 0 }), "{y} y 0");
});

test("the language's rules choose between one and many", () => {
  const texts = { "n.of_one": "{n} invite", "n.of_other": "{n} invites" };
  assert.equal(createWords({ own: texts }).t("n.of", { n: 1 }), "1 invite");
  assert.equal(createWords({ own: texts }).t("n.of", { n: 0 }), "0 invites");
  assert.equal(createWords({ own: texts, locale: "th" }).t("n.of", { n: 1 }), "1 invites", "Thai has one form");
  assert.equal(createWords({ own: texts, locale: "pt-BR" }).t("n.of", { n: 0 }), "0 invite", "Portuguese counts zero as one");
});

test("a key that nobody knows is reported and shown", () => {
  const missed = [];
  assert.equal(createWords({ onMissing: (key) => missed.push(key) }).t("no.such"), "no.such");
  assert.deepEqual(missed, ["no.such"]);
});

test("a reason has a text in any case", () => {
  const { reason } = createWords({ english: { "reason.A": "An A.", "reason.MAX": "At most {max}.", "error.unknown": "Wrong: {code}" } });
  assert.equal(reason("A", "said"), "An A.");
  assert.equal(reason("NEW", "said"), "said");
  assert.equal(reason("NEW"), "Wrong: NEW");
  assert.equal(reason("", "said"), "said");
  assert.equal(reason(""), "");
  assert.equal(reason("MAX", "said", { max: 3 }), "At most 3.");
  assert.equal(reason("MAX", "said"), "said", "no holes");
});

test("labels of reasons are those of the language, its base, all others, the code", () => {
  const option = { code: "x", labels: { "": "D", es: "E", "es-MX": "M" } };
  assert.deepEqual(["es-MX", "es-ES", "th"].map((one) => labelOf(option, one)), ["M", "E", "D"]);
  assert.equal(labelOf({ code: "x" }, "th"), "x");
});

// The same readers as in package web, which chooses for the backend's answers.
test("readers are served the nearest language", () => {
  const readers = JSON.parse(readFileSync(new URL("../../web/testdata/readers.json", import.meta.url)));
  for (const [tags, language] of Object.entries(readers)) assert.equal(chooseLanguage(tags.split(",")).language, language, tags);
  assert.equal(chooseLanguage([null, undefined, "en-GB"]).locale, "en-GB");
});
