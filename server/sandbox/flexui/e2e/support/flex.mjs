// Starts the Flex UI against a simulated account, and does what agents and customers do there. Other rooms' browser tests
// may use it too.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { request } from "node:http";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

/** How long anything is waited for. Nothing takes so long when all is well; windows of Flex on a busy machine are slow. */
export const PATIENCE_MS = 120_000;
/** How long a whole test, or the start of all that it needs, may take. */
export const TEST_MS = 600_000;
export const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));
const ARTIFACTS = `${ROOT}artifacts/`;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Starts a program of ours that says where it is in one line of JSON. The result has what it said, log() and stop(). */
export async function startProgram(file, args) {
  const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const info = await new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => { child.kill("SIGKILL"); reject(new Error(`${file}: not ready after ${PATIENCE_MS} ms:\n${log}`)); }, PATIENCE_MS);
    child.once("error", reject);
    child.once("close", (code) => { clearTimeout(timer); reject(new Error(`${file}: ended with ${code}:\n${log}`)); });
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (!said.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(said));
    });
  });
  return { ...info, log: () => log, async stop() { child.kill("SIGTERM"); await ended; } };
}

/** Builds and starts account and Flex UI alone. The result has url, stage, spki, chromium (flags), log() and stop(). */
export async function startFlex(args = []) {
  if (!existsSync(`${ROOT}server/sandbox/flexui/ui/node_modules/@twilio/flex-ui`)) throw new Error("The Flex UI is not installed: run make deps-flex");
  const program = `${ROOT}bin/flex-ui-sandbox`;
  await promisify(execFile)("go", ["build", "-o", program, "./server/sandbox/flexui/start"], { cwd: ROOT });
  return startProgram(program, args);
}

/** The path of Chromium: CHROMIUM, which may be a name, or what Debian installs. Where there is none the error says what to do. */
export function findChromium() {
  const name = process.env.CHROMIUM || "chromium";
  const found = (name.includes("/") ? [name] : process.env.PATH.split(delimiter).map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error(`Chromium is missing (${name}): install it (Debian: apt-get install chromium), or set CHROMIUM to its path`);
  return found;
}

/** Starts a Chromium that finds the server under Twilio's names, and nothing else. */
export function startBrowser(server) {
  return chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...server.chromium], timeout: PATIENCE_MS });
}

/** Opens Flex in a window of its own as a worker, and waits until it has started. prepare(context) comes before all. */
export async function openAgent(browser, server, name, prepare) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "en-US" });
  await prepare?.(context);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") problems.push(`console: ${message.text()}`); });
  await page.goto(`${server.url}/as/${name}`, { waitUntil: "commit" });
  await page.waitForFunction(() => {
    try { return Boolean(Twilio.Flex.Manager.getInstance().store.getState().flex.worker.activity?.sid); } catch { return false; }
  });
  return { name, page, context, problems };
}

/**
 * What Flex and its SDKs themselves complain of when an agent is taken out of a conversation: what they still ask of it, a
 * subscription that they batch or its participants, is refused (54007).
 */
export const FLEX_ITSELF = /Access forbidden|Failed to load conversation participants/;

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

/** Twilio's REST API, as a program of the account's would call it: product is a host of twilio.com. form is sent by POST. */
export function twilio(server, product, path, form) {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, server.stage), {
      method: form ? "POST" : "GET", auth: `${server.account}:${server.authToken}`,
      headers: { host: `${product}.twilio.com`, ...(form && { "content-type": "application/x-www-form-urlencoded" }) },
    }, async (answer) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      if (answer.statusCode < 300) resolve(JSON.parse(text));
      else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
    });
    call.once("error", reject);
    call.end(form && new URLSearchParams(form).toString());
  });
}

/** A worker goes to an activity, as if in a window elsewhere. */
export async function goes(server, name, activity) {
  const { workers, activities } = await snapshot(server);
  const sid = workers.find((one) => one.friendly_name === name).sid;
  await stage(server, `workers/${sid}/activity`, { activity_sid: activities.find((one) => one.friendly_name === activity).sid });
}

/** The workers who have accepted a task, by name. */
export async function agentsIn(server) {
  const { reservations } = await snapshot(server);
  return reservations.filter((one) => one.reservation_status === "accepted").map((one) => one.worker_name).sort();
}

/** Ends what is left of a test: every task of every agent is wrapped up and completed; what rings is accepted before, since what is declined goes on. */
export async function clear(server) {
  await eventually(async () => {
    const { reservations } = await snapshot(server);
    for (const one of reservations) {
      const action = { pending: "accept", accepted: "wrapup", wrapping: "complete" }[one.reservation_status];
      if (action) await stage(server, `reservations/${one.sid}`, { action }).catch(() => {});
    }
    return reservations.every((one) => !["pending", "accepted", "wrapping"].includes(one.reservation_status));
  }, "all tasks are over");
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

/** Waits from now on for what goes away by itself. */
export function soon(locator) {
  const seen = locator.waitFor();
  seen.catch(() => {}); // it is told to whoever awaits it
  return seen;
}

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
