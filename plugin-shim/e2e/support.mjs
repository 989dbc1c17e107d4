// Starts account, backend, Flex UI and plugin, and does what agents do with the plugin. What agents do in Flex itself comes
// from the sandbox's own tests.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { fileURLToPath } from "node:url";
import { accept, begin, byTest, eventually, line, snapshot, stage } from "../../server/sandbox/flexui/e2e/support/flex.mjs";

export * from "../../server/sandbox/flexui/e2e/support/flex.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 120_000; // bundling of Flex included
export const SLOW_MS = 45_000; // two Flex windows on a busy machine

/** Starts everything. The result has url, stage, backend, chromium (flags), log() and stop(). */
export async function startAll(args = []) {
  for (const file of ["bin/flex-transfer", "plugin-shim/build/flex-transfer.js"]) {
    if (!existsSync(ROOT + file)) throw new Error(`${file} is missing: run make build plugin`);
  }
  const child = spawn(`${ROOT}bin/flex-transfer`, ["flex", "--json", "--addr", "127.0.0.1:0", "--flex-addr", "127.0.0.1:0", ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
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

/** A door in front of the backend that can be shut: what is behind it is then down for the plugin. aim(url) comes first. */
export async function startDoor() {
  let target = null;
  const open = new Set();
  const door = createServer((from, to) => {
    if (!target) return void from.destroy();
    const on = request(new URL(from.url, target), { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
    });
    on.on("error", () => to.destroy());
    from.on("close", () => from.complete || on.destroy());
    to.on("close", () => on.destroy());
    from.pipe(on);
  });
  door.on("connection", (socket) => { open.add(socket); socket.once("close", () => open.delete(socket)); });
  await new Promise((resolve) => door.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${door.address().port}`,
    aim(url) { target = url; },
    shut() { target = null; for (const socket of open) socket.destroy(); },
    close() { this.shut(); door.close(); },
  };
}

/** A worker without a window goes to an activity. */
export async function goes(server, name, activity) {
  const { workers, activities } = await snapshot(server);
  const sid = workers.find((one) => one.friendly_name === name).sid;
  await stage(server, `workers/${sid}/activity`, { activity_sid: activities.find((one) => one.friendly_name === activity).sid });
}

/** A customer writes, and the agent, to whom it is offered, accepts; resolves when the transfer button can be used. */
export async function talkTo(server, agent, customer, words) {
  const { conversation_sid: sid } = await begin(server, customer, words);
  await line(agent, customer).click({ timeout: SLOW_MS });
  await accept(agent);
  await byTest(agent.page, "flex-transfer-button").and(agent.page.locator("[data-state=enabled]")).waitFor({ timeout: SLOW_MS });
  return sid;
}

/** Opens the directory and chooses a target by its name; kind is cold or warm. The form is open then. */
export async function choose(agent, name, kind) {
  await byTest(agent.page, "flex-transfer-button").click();
  await agent.page.getByTestId("flex-transfer-target").filter({ hasText: name }).getByTestId(`flex-transfer-${kind}`).click();
  await agent.page.getByTestId("flex-transfer-handover").waitFor();
}

export const send = (agent) => agent.page.getByTestId("flex-transfer-send").click();
/** The notification with those words. */
export const notice = (agent, words) => agent.page.getByTestId("flex-transfer-notice").filter({ hasText: words }).first();
export const progress = (agent) => agent.page.getByTestId("flex-transfer-progress");

/** The workers who are in the conversation of a task, by name. */
export async function agentsIn(server) {
  const { reservations } = await snapshot(server);
  return reservations.filter((one) => one.reservation_status === "accepted").map((one) => one.worker_name).sort();
}

/** Ends what is left of a test: every task of every agent is wrapped up and completed. */
export async function clear(server) {
  await eventually(async () => {
    const { reservations } = await snapshot(server);
    for (const one of reservations) {
      const action = { pending: "reject", accepted: "wrapup", wrapping: "complete" }[one.reservation_status];
      if (action) await stage(server, `reservations/${one.sid}`, { action }).catch(() => {});
    }
    return reservations.every((one) => !["pending", "accepted", "wrapping"].includes(one.reservation_status));
  }, "all tasks are over", SLOW_MS);
}

/** Twilio's REST API, as a program of the account's would call it. */
export async function twilio(server, product, path, form) {
  const body = form && new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, server.backend), {
      method: form ? "POST" : "GET", auth: `${server.account}:${server.authToken}`,
      headers: { host: `${product}.twilio.com`, ...(form && { "content-type": "application/x-www-form-urlencoded" }) },
    }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk)).on("end", () => (answer.statusCode < 300 ? resolve(JSON.parse(text)) : reject(new Error(`${path}: ${answer.statusCode} ${text}`))));
    });
    call.on("error", reject);
    call.end(body);
  });
}
