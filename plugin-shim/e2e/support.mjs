// Starts account, backend, Flex UI and plugin, and does what agents do with the plugin. What agents do in Flex itself comes
// from the sandbox's own tests.

import { existsSync, readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { accept, begin, byTest, line, ROOT, startProgram } from "../../server/sandbox/flexui/e2e/support/flex.mjs";

export * from "../../server/sandbox/flexui/e2e/support/flex.mjs";

/** Starts everything. The result has url, stage, backend, chromium (flags), log() and stop(). */
export async function startAll(args = []) {
  for (const file of ["bin/flex-transfer", "plugin-shim/build/flex-transfer.js"]) {
    if (!existsSync(ROOT + file)) throw new Error(`${file} is missing: run make build plugin`);
  }
  return startProgram(`${ROOT}bin/flex-transfer`, ["flex", "--json", "--addr", "127.0.0.1:0", "--flex-addr", "127.0.0.1:0", ...args]);
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

/** A customer writes, and the agent, to whom it is offered, accepts; resolves when the transfer button can be used. */
export async function talkTo(server, agent, customer, words) {
  const { conversation_sid: sid } = await begin(server, customer, words);
  await line(agent, customer).click();
  await accept(agent);
  await byTest(agent.page, "flex-transfer-button").and(agent.page.locator("[data-state=enabled]")).waitFor();
  return sid;
}

/** Opens the directory and chooses a target by its name; kind is cold or warm. The form is open then. */
export async function choose(agent, name, kind) {
  await byTest(agent.page, "flex-transfer-button").click();
  await agent.page.getByTestId("flex-transfer-target").filter({ hasText: name }).getByTestId(`flex-transfer-${kind}`).click();
  await agent.page.getByTestId("flex-transfer-handover").waitFor();
}

export const send = (agent) => agent.page.getByTestId("flex-transfer-send").click();
/** Lets a script run in a window to be opened, before the plugin's. */
export const first = (context, script) => context.route("**/flex-transfer.js", (route) =>
  route.fulfill({ contentType: "text/javascript", body: script + readFileSync(`${ROOT}plugin-shim/build/flex-transfer.js`, "utf8") }));

/** A script for first(): notes each notification that Flex is asked for; those on the screen go away after a while. */
export const NOTED = `window.notices = []; Twilio.Flex.Notifications.addListener("beforeAddNotification", ({ context }) => window.notices.push(context?.text ?? ""));\n`;

/** How often a window was asked to show a notification with those words. */
export const shown = (agent, words) => agent.page.evaluate((words) => (window.notices ?? []).filter((one) => one.includes(words)).length, words);

/** The notification with those words. */
export const notice = (agent, words) => agent.page.getByTestId("flex-transfer-notice").filter({ hasText: words }).first();
export const progress = (agent) => agent.page.getByTestId("flex-transfer-progress");
