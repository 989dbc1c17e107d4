// The golden cases of the rules, through the module as it is shipped and the loader.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { loadTransfer } from "./loader.js";
import { builtModule, importer, root, serve } from "./support.mjs";

/** Checks the members that want has; those that it has not may be anything. */
function assertPart(want, got, path) {
  if (Array.isArray(want)) {
    assert.equal(got?.length, want.length, `${path} has another length`);
    want.forEach((w, i) => assertPart(w, got[i], `${path}[${i}]`));
  } else if (want !== null && typeof want === "object") {
    assert.ok(got !== null && typeof got === "object", `${path} is no object`);
    for (const [key, w] of Object.entries(want)) {
      assert.ok(key in got, `${path}.${key} is missing`);
      assertPart(w, got[key], `${path}.${key}`);
    }
  } else {
    assert.equal(got, want, path);
  }
}

test("golden cases", async (t) => {
  const module = builtModule();
  const { baseUrl } = await serve(t, module);
  const transfer = await loadTransfer({ baseUrl, importScript: importer(), onFault: (fault) => assert.fail(fault.message) });
  t.after(() => transfer.close());
  const folder = join(root, "wasm/transfer/testdata/golden");
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  assert.ok(names.length >= 140, `only ${names.length} golden cases were found`);
  for (const name of names) {
    await t.test(name, () => {
      const { question, want } = JSON.parse(readFileSync(join(folder, name), "utf8"));
      assert.ok(Object.keys(want).length > 0, "the case wants nothing");
      const answer = transfer.decide(question);
      assertPart(want, answer, "answer");
      if (!answer.error) assert.equal(answer.rules, module.manifest.rules);
    });
  }
  assert.throws(() => assertPart({ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, "answer"));
  assert.throws(() => assertPart({ a: null }, {}, "answer"));
});

test("the module answers as the same code does natively", async (t) => {
  const { baseUrl } = await serve(t, builtModule());
  const transfer = await loadTransfer({ baseUrl, importScript: importer() });
  t.after(() => transfer.close());
  const read = (name) => JSON.parse(readFileSync(join(root, "wasm/wire/testdata", name), "utf8"));
  const answer = transfer.decide(read("question.json"));
  assert.deepEqual(answer, { ...read("question-answer.json"), rules: transfer.rules });
});
