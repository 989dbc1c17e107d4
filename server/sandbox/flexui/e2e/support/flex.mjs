// Starts the Flex UI against a simulated account, and does what agents and customers do there. Other rooms' browser tests
// may use it too.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { request } from "node:https";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

export const PATIENCE_MS = 20_000;
const START_MS = 120_000; // bundling included
const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));
const BINARY = `${ROOT}bin/flex-ui-sandbox`;
const ARTIFACTS = `${ROOT}artifacts/`;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Builds and starts the server. The result has url, stage, spki, chromium (flags), log() and stop(). */
export async function startFlex(args = []) {
  if (!existsSync(`${ROOT}server/sandbox/flexui/ui/node_modules/@twilio/flex-ui`)) {
    throw new Error("The Flex UI is not installed: run `npm ci --ignore-scripts` in server/sandbox/flexui/ui");
  }
  await promisify(execFile)("go", ["build", "-o", BINARY, "./server/sandbox/flexui/start"], { cwd: ROOT });
  const child = spawn(BINARY, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const info = await new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`not ready after ${START_MS} ms:\n${log}`)), START_MS);
    child.once("close", (code) => reject(new Error(`ended with ${code}:\n${log}`)));
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (!said.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(said));
    });
  });
  return { ...info, log: () => log, async stop() { child.kill("SIGTERM"); await ended; } };
}

/** Starts a Chromium that finds the server under Twilio's names, and nothing else. */
export function startBrowser(server) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...server.chromium] });
}

/** Opens Flex in a window of its own as a worker, and waits until it has started. */
export async function openAgent(browser, server, name) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "en-US" });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") problems.push(`console: ${message.text()}`); });
  await page.goto(`${server.url}/as/${name}`, { waitUntil: "commit" });
  await page.waitForFunction(() => {
    try { return Boolean(Twilio.Flex.Manager.getInstance().store.getState().flex.worker.activity?.sid); } catch { return false; }
  }, null, { timeout: 60_000 });
  return { name, page, context, problems };
}

/** What Flex's store says of the window: degraded, activity, and its tasks by reservation. */
export function state({ page }) {
  return page.evaluate(() => {
    const { session, worker } = Twilio.Flex.Manager.getInstance().store.getState().flex;
    const tasks = [...worker.tasks.values()].map((task) => ({ sid: task.taskSid, reservation: task.sid, status: task.status, taskStatus: task.taskStatus }));
    return { degraded: session.degraded, activity: worker.activity.name, tasks };
  });
}

/** Asks the stage, which plays customers and workers. */
export async function stage(server, path, body) {
  const response = await fetch(`${server.stage}/stage/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

/** Asks the account's REST API, through the listener of the Flex UI. form is sent by POST; without one it is a GET. */
export function rest(server, host, path, form) {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const q = request({ host: "127.0.0.1", port, path, servername: host, ca: server.authority, method: form ? "POST" : "GET",
      auth: `${server.account_sid}:${server.auth_token}`, headers: { host, ...(form && { "content-type": "application/x-www-form-urlencoded" }) } }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      if (response.statusCode < 300) resolve(JSON.parse(text));
      else reject(new Error(`${path}: ${response.statusCode} ${text}`));
    });
    q.once("error", reject);
    q.end(form && new URLSearchParams(form).toString());
  });
}

/** A customer writes the first message of a conversation. */
export const begin = (server, name, body) => stage(server, "conversations", { name, channel_type: "web", body });

/** The account as it is now, from the stage. */
export async function snapshot(server) {
  const stop = new AbortController();
  const response = await fetch(`${server.stage}/stage/live`, { signal: stop.signal });
  let text = "";
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = /event: snapshot\ndata: (.*)\n\n/.exec(text);
      if (found) return JSON.parse(found[1]);
    }
  } finally {
    stop.abort();
  }
  throw new Error("the stage sent no snapshot");
}

/** Changes the activity in Flex's own menu. */
export async function goTo({ page }, activity) {
  await byTest(page, "activity-dropdown-button").click();
  await page.getByRole("menuitem", { name: activity, exact: true }).click();
}

/** What Flex marks for tests, in either of its two ways. */
export const byTest = (page, id) => page.locator(`[data-test="${id}"], [data-testid="${id}"]`).first();
export const accept = ({ page }) => byTest(page, "accept-task").click();
export const reject = ({ page }) => byTest(page, "reject-task").click();
/** The button that ends the chat (End) and then completes the task (Complete). */
export const endOrComplete = ({ page }) => byTest(page, "end-task-button").click();
/** The line of the task list with those words. */
export const line = ({ page }, words) => page.locator(".Twilio-TaskListBaseItem, .Twilio-TaskListItem").filter({ hasText: words }).first();

/** Waits until check() gives something true; fails with the last thing it gave. */
export async function eventually(check, what, patience = PATIENCE_MS) {
  const until = Date.now() + patience;
  for (;;) {
    const last = await check();
    if (last) return last;
    if (Date.now() > until) assert.fail(`${what}: still ${JSON.stringify(last)} after ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Keeps a picture of the window for people. */
export async function picture({ page }, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTIFACTS}${name}.png` });
}
