// A page's loader may be older than the backend, or newer: it works with any glue that keeps its contract, and says what is
// wrong where there is none. See glue.d.ts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

import { contracts } from "./glue.js";
import { loadTransfer } from "./loader.js";
import { builtModule, importer, serve } from "./support.mjs";
import { loadTransfer as deployed } from "./testdata/loader-1.js";

let built;
before(() => (built = builtModule()));

const source = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** A backend of another build: one of its scripts is this. Counts what it is asked for. */
async function serveBuild(t, name, text, manifest) {
  const asked = {};
  const server = await serve(t, built, (request, response) => {
    const file = request.url.split("/").at(-1);
    asked[file] = (asked[file] ?? 0) + 1;
    const content = file === name ? text : file === "manifest.json" ? manifest && JSON.stringify(manifest) : undefined;
    if (content === undefined) return false;
    response.writeHead(200, { "content-type": file.endsWith(".js") ? "text/javascript" : "application/json" });
    response.end(content);
    return true;
  });
  return { baseUrl: server.baseUrl, asked };
}

async function refused(t, server, message) {
  const faults = [];
  const transfer = await loadTransfer({ baseUrl: server.baseUrl, importScript: importer(), onFault: (fault) => faults.push(fault) });
  assert.deepEqual(faults.map((one) => one.code), ["MODULE_INCOMPATIBLE"], faults[0]?.message);
  assert.match(faults[0].message, message);
  assert.equal(transfer.native, true);
  assert.equal(transfer.decide({ wire: 1 }), null);
  assert.deepEqual(transfer.directory.search({ query: "x" }), { lines: [], total: 0, workers: 0, queues: 0 });
  assert.equal(transfer.directory.load("x"), null);
  await assert.rejects(transfer.dispatch("directory", {}), { code: "MODULE_INCOMPATIBLE" });
}

/** All that a page does with the rules. */
async function works(t, load, { baseUrl }) {
  const transfer = await load({ baseUrl, importScript: importer(), onFault: (fault) => assert.fail(`${fault.code}: ${fault.message}`) });
  t.after(() => transfer.close());
  assert.equal(transfer.native, false);
  assert.equal(transfer.rules, built.manifest.rules);
  const worker = { sid: "WK1", friendly_name: "Zoë", attributes: "{}", available: true };
  const answer = transfer.decide({ wire: 1, workers: [worker] });
  assert.equal(answer.wire, 1);
  assert.equal(answer.screen.targets[0].name, "Zoë");
  assert.equal(transfer.directory.loaded, false);
  assert.equal(transfer.directory.search({ query: "x" }).total, 0);
  assert.equal(transfer.directory.nativeFilters({ wire: 1 }), null);
  assert.equal((await transfer.dispatch("directory", { token: "t" })).status, 404);
  assert.equal(transfer.pending, 0);
}

test("a loader of contract 1, as it was deployed first, works with this build", async (t) => {
  assert.ok(contracts.includes(1));
  await works(t, deployed, await serveBuild(t));
});

test("a later build may ask its module in another way", async (t) => {
  const glue = source("glue.js");
  const later = glue.replace("contracts = [1]", "contracts = [1, 2]").replace("./instance.js", "./started.js");
  assert.ok(later.includes("[1, 2]") && later.includes("./started.js"));
  const server = await serve(t, built, (request, response) => {
    const content = request.url.endsWith("/glue.js") ? later : request.url.endsWith("/started.js") ? source("instance.js") : undefined;
    if (content === undefined) return request.url.endsWith("/instance.js") && response.writeHead(404).end() !== undefined;
    response.writeHead(200, { "content-type": "text/javascript" });
    response.end(content);
    return true;
  });
  await works(t, loadTransfer, server);
  await works(t, deployed, server);
});

test("a build that keeps another contract alone says so, with the numbers of both", async (t) => {
  const later = source("glue.js").replace("contracts = [1]", "contracts = [2, 3]");
  const server = await serveBuild(t, "glue.js", later);
  await refused(t, server, new RegExp(`contract 1 .*\\(rules ${built.manifest.rules}\\) keeps contract 2, 3`));
  assert.equal(server.asked[built.manifest.module], undefined, "nothing more is fetched");
});

test("a backend from before there was a contract says so", async (t) => {
  await refused(t, await serveBuild(t, "", "", built.manifest), /contract 1 .*is older than that/);
});

test("scripts and a module that speak different wire formats are found out", async (t) => {
  const other = source("glue.js").replace("const WIRE = 1;", "const WIRE = 2;");
  await refused(t, await serveBuild(t, "glue.js", other), /speaks wire format 1, and the scripts served with it 2/);
});

test("what is loaded is of one manifest", async (t) => {
  const server = await serveBuild(t);
  await works(t, loadTransfer, server);
  assert.equal(server.asked["manifest.json"], 1);
});
