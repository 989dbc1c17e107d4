// What only a browser can measure: how long a page waits for its first decision, and what a decision costs. Each figure
// stands beside a baseline of the same run. Run by make bench.

import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { keystrokes } from "./support/directorybench.mjs";
import { startServer } from "./support/server.mjs";

const SAMPLES = 9;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const golden = (name) => JSON.parse(readFileSync(new URL(`../../wasm/transfer/testdata/golden/${name}.json`, import.meta.url)));

/** A conversation with 10 participants and 4 outstanding invites. */
const crowd = JSON.parse(readFileSync(new URL("../../wasm/wire/testdata/crowd.json", import.meta.url)));

const crowded = (question) => ({
  ...question,
  workers: Array.from({ length: 300 }, (_, i) => ({ ...question.workers[0], sid: `WK${String(i).padStart(32, "0")}` })),
});
/** What a page asks one time after the other: the time is another, and with strangers also what all workers' attributes say. */
const asked = (question, strangers = false) => {
  const at = (worker, i) => (strangers ? { ...worker, attributes: worker.attributes.replace(/}$/, `, "times_asked": ${i}}`) } : worker);
  return Array.from({ length: 50 }, (_, i) => ({
    ...question,
    now: new Date(Date.parse(question.now) + 1000 * i).toISOString(),
    worker: at(question.worker, i),
    workers: question.workers?.map((worker) => at(worker, i)),
  }));
};
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const ms = (n) => `${n.toFixed(0).padStart(5)} ms`;

/** A page of the backend's origin with nothing on it. */
async function blank(context, url) {
  const page = await context.newPage();
  await page.route(`${url}/blank`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Blank</title>" }));
  await page.route(`${url}/empty.js`, (route) => route.fulfill({ contentType: "text/javascript", body: "export {};" }));
  await page.goto(`${url}/blank`);
  return page;
}

/** In the page: from nothing to the first answer of the rules. */
async function firstDecision(question) {
  const began = performance.now();
  const { loadTransfer } = await import("/wasm/loader.js");
  const transfer = await loadTransfer({ baseUrl: "" });
  if (!transfer.decide(question)?.screen) throw new Error("no decision");
  return performance.now() - began;
}

/** In the page: the baseline, a module with nothing in it. */
async function emptyModule() {
  const began = performance.now();
  await import("/empty.js");
  return performance.now() - began;
}

/**
 * In the page: µs a decision, from a question to an answer that are objects, and µs for writing and reading the same questions
 * as JSON; in turn, batch by batch. All questions are of one conversation, each at another time.
 */
async function decisions(questions) {
  const { loadTransfer } = await import("/wasm/loader.js");
  const transfer = await loadTransfer({ baseUrl: "" });
  const batch = (work) => {
    const began = performance.now();
    for (let i = 0; i < 500; i++) work(questions[i % questions.length]);
    return ((performance.now() - began) * 1000) / 500;
  };
  const decide = (question) => transfer.decide(question);
  const json = (question) => JSON.parse(JSON.stringify(question));
  for (let i = 0; i < 4; i++) {
    batch(decide);
    batch(json);
  }
  const pairs = [];
  for (let i = 0; i < 15; i++) pairs.push([batch(decide), batch(json)]);
  return pairs;
}

async function start(browser, url, question) {
  const times = { cold: [], warm: [], coldEmpty: [], warmEmpty: [] };
  for (let i = 0; i < SAMPLES; i++) {
    for (const [work, cold, warm] of [[firstDecision, times.cold, times.warm], [emptyModule, times.coldEmpty, times.warmEmpty]]) {
      const context = await browser.newContext(); // an empty cache
      const page = await blank(context, url);
      cold.push(await page.evaluate(work, question));
      await page.reload();
      warm.push(await page.evaluate(work, question));
      await context.close();
    }
  }
  console.log("Time to the first decision in Chromium, beside an empty JavaScript module");
  console.log(`  nothing cached ${ms(median(times.cold))}, empty module ${ms(median(times.coldEmpty))}`);
  console.log(`  cached         ${ms(median(times.warm))}, empty module ${ms(median(times.warmEmpty))}\n`);
}

async function cost(browser, url) {
  console.log("One decision in Chromium, question and answer as objects, beside JSON.stringify + parse of the same question (aim: at most 4 times).");
  console.log("A page asks about the same people again and again, and the module knows their attributes from the last time; strangers have others each time.");
  for (const [name, questions] of [
    ["a request", asked(golden("to-an-agent").question)],
    ["a screen", asked(golden("screen-completed").question)],
    ["10 in, 4 invited", asked(crowd)],
    ["… all strangers", asked(crowd, true)],
    ["a directory of 300", asked(crowded(golden("to-an-agent").question))],
  ]) {
    const context = await browser.newContext();
    const page = await blank(context, url);
    const pairs = await page.evaluate(decisions, questions);
    await context.close();
    const of = (i) => median(pairs.map((p) => p[i])).toFixed(1).padStart(6);
    console.log(`  ${name.padEnd(18)} ${of(0)} µs, JSON ${of(1)} µs, ratio ${median(pairs.map((p) => p[0] / p[1])).toFixed(2)}`);
  }
  console.log();
}

const QUERIES = ["anna berg", "garcia", "bea", "lukasz weiss", "espanol vip", "retencion", "nguyen", "o'neill", "smith z", "xochitl"];

/** A keystroke over 15,000 workers, on a server of its own. */
async function directory(browser) {
  const large = await startServer({ SANDBOX_WORKERS: "15000" });
  try {
    const question = golden("to-an-agent").question;
    const signIn = await fetch(`${large.url}/stage/workers/${question.worker.sid}/token`, { method: "POST" });
    const { token } = await signIn.json();
    const context = await browser.newContext();
    const page = await blank(context, large.url);
    const r = await page.evaluate(keystrokes, { url: large.url, token, question, queries: QUERIES });
    await context.close();
    const at = (all, q) => [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * q))].toFixed(3).padStart(6);
    console.log(`A keystroke over ${r.workers.toLocaleString("en-US")} workers in Chromium (aims: median 0.05 ms, p95 0.15 ms)`);
    for (const [name, words] of [["ours", "the module"], ["naive", "JavaScript, filter and localeCompare"], ["best", "JavaScript, folded, sorted, narrowing"]]) {
      console.log(`  ${words.padEnd(38)} median ${at(r.times[name], 0.5)} ms, p95 ${at(r.times[name], 0.95)} ms`);
    }
    console.log(`  loaded in ${r.loaded.toFixed(0)} ms from ${(r.blob / 1000).toFixed(0)} kB; the module's memory ${(r.memory / 2 ** 20).toFixed(1)} MB (aim: at most 16)\n`);
  } finally {
    await large.stop();
  }
}

const server = await startServer();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
try {
  await start(browser, server.url, golden("to-an-agent").question);
  await cost(browser, server.url);
  await directory(browser);
} finally {
  await browser.close();
  await server.stop();
}
