// The directory in the module as it would be shipped, under Node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectoryText } from "./directorytext.js";
import { loadTransfer } from "./loader.js";
import { builtModule, faultyModule, importer, serve, until } from "./support.mjs";

const sid = (prefix, n) => prefix + String(n).padStart(32, "0");
const compact = (n) => Buffer.from(String(n).padStart(32, "0"), "hex").toString("base64url");
const BLOB = [
  "flex-transfer-directory\t1\t4\t2", "Available\tBreak", "Billing", "english\tvip",
  `Zoë Ébert\t${compact(1)}\t0+\t0\t0,1`, `Österreicher, Ada\t${compact(2)}\t1`, `Olga\t${compact(3)}\t0+`, `Álvaro 10\t${compact(4)}\t0+`,
  `Returns\t${compact(7)}\tu`, `Billing\t${compact(8)}\t\t1\t2,3,61`, "",
].join("\n");
const question = { wire: 1, settings: { cold_transfer: true }, worker: { sid: sid("WK", 3), friendly_name: "olga", attributes: "{}", activity_name: "Available", available: true } };

async function load(t, module, options = {}) {
  const instances = [];
  const { baseUrl } = await serve(t, module);
  const transfer = await loadTransfer({ baseUrl, importScript: importer(instances), ...options });
  t.after(() => transfer.close());
  return { transfer, instances };
}

const names = (found) => found.lines.map((line) => line.name);

test("names are in the reader's order", () => {
  const orderOf = (blob, locale) => DirectoryText.of(blob, locale)?.order;
  assert.deepEqual([...orderOf(BLOB, "en-US")], [3, 2, 1, 0, 5, 4]);
  assert.deepEqual([...orderOf(BLOB, "sv-SE")], [3, 2, 0, 1, 5, 4], "in Swedish Ö comes after Z");
  assert.equal(DirectoryText.of("<!doctype html>", "en-US"), null);
});

test("a blob is loaded, opened, searched and kept up to date", async (t) => {
  const { transfer } = await load(t, builtModule());
  const { directory } = transfer;
  assert.deepEqual(directory.search({ query: "" }).lines, [], "nothing before a blob is loaded");
  assert.equal(directory.load("{}", "en-US").error.code, "NO_DIRECTORY");
  assert.deepEqual(directory.load(BLOB, "en-US"), { workers: 4, queues: 2 });
  assert.equal(directory.search({}).total, 0, "nothing before it is opened");
  assert.deepEqual(directory.open(question), {});
  const all = directory.search({});
  assert.deepEqual(names(all), ["Álvaro 10", "Österreicher, Ada", "Zoë Ébert", "Billing", "Returns"], "Olga is oneself");
  assert.deepEqual([all.total, all.workers, all.queues], [5, 3, 2]);
  const [zoe] = directory.search({ query: "ZOE eb" }).lines;
  const { reason, enabled, ...rest } = zoe;
  assert.deepEqual(rest, { group: "worker", kind: "worker", sid: sid("WK", 1), name: "Zoë Ébert", detail: "Available", available: true, team: "Billing", skills: ["english", "vip"], figures: null });
  assert.equal(enabled, reason === "");
  assert.deepEqual(names(directory.search({ query: "vip" })), ["Zoë Ébert", "Billing"], "by skill");
  assert.deepEqual(directory.search({ query: "billing", kind: "queue" }).lines[0].figures, { available: 2, waiting: 3, longestWait: 61 });
  assert.deepEqual(names(directory.search({ available: true, kind: "worker" })), ["Álvaro 10", "Zoë Ébert"]);
  const liked = directory.search({ favourites: [sid("WQ", 7), sid("WK", 99)], recents: [sid("WK", 1)], limit: 1 });
  assert.deepEqual(liked.lines.map((line) => [line.name, line.group]), [["Returns", "favourite"], ["Zoë Ébert", "recent"], ["Álvaro 10", "worker"], ["Billing", "queue"]]);
  assert.equal(liked.lines[0].reason, "QUEUE_NOT_SERVED");

  directory.update({ workers: [{ sid: sid("WK", 5), friendly_name: "p", attributes: { full_name: "Paul" }, activity_name: "Lunch", available: false }] });
  directory.update({ queues: [{ sid: sid("WQ", 7), friendly_name: "" }, { sid: sid("WQ", 8), friendly_name: "Billing", figures: { available: 0, waiting: 9, longest_wait: 5 } }] });
  assert.deepEqual(names(directory.search({})), ["Álvaro 10", "Österreicher, Ada", "Paul", "Zoë Ébert", "Billing"]);
  assert.deepEqual(names(directory.search({ query: "lunch" })), ["Paul"]);
  assert.equal(directory.search({ kind: "queue" }).lines[0].figures.waiting, 9);
  directory.update({ workers: [{ sid: sid("WK", 5), friendly_name: "p", attributes: "{}", activity_name: "", available: false }] });
  assert.equal(directory.search({ query: "paul" }).total, 0, "gone");
  assert.equal(directory.update({ workers: [{ sid: sid("WK", 5), friendly_name: "p", attributes: "{", activity_name: "x", available: false }] }).error.code, "BAD_RECORDS");
  assert.equal(directory.open({ wire: 9 }).error.code, "UNKNOWN_WIRE_FORMAT");
  assert.notEqual(transfer.decide(question), null, "decisions go on");
});

test("the filters of Flex's own directory follow the rules", async (t) => {
  const { transfer } = await load(t, builtModule());
  transfer.directory.load(BLOB, "en-US");
  assert.deepEqual(transfer.directory.nativeFilters(question), { hiddenWorkerFilter: "", hiddenQueueFilter: "", queueSids: [sid("WQ", 8), sid("WQ", 7)] });
  const own = { transferDirectory: { teams: { allow: ["Billing"] }, queues: { deny: ["Ret*"] } } };
  const strict = { ...question, settings: { cold_transfer: true, directory: { hide_unavailable: true } }, worker: { ...question.worker, attributes: own } };
  assert.deepEqual(transfer.directory.nativeFilters(strict), {
    hiddenWorkerFilter: '(data.activity_name IN ["Available"]) AND ((data.attributes.team_name IN ["Billing"]) OR (data.attributes.team IN ["Billing"]))',
    hiddenQueueFilter: '(data.queue_name IN ["Billing"])', queueSids: [sid("WQ", 8)],
  });
});

test("the directory outlives the instance of the module", async (t) => {
  const { transfer, instances } = await load(t, faultyModule());
  transfer.directory.load(BLOB, "en-US");
  transfer.directory.open(question);
  transfer.directory.update({ workers: [{ sid: sid("WK", 5), friendly_name: "Paul", attributes: "{}", activity_name: "Break", available: false }] });
  const before = names(transfer.directory.search({}));
  await assert.rejects(transfer.dispatch("die", { token: "t" }));
  await until(() => transfer.restarts === 1, "a restart");
  assert.equal(instances.length, 2);
  assert.deepEqual(names(transfer.directory.search({})), before);
});
