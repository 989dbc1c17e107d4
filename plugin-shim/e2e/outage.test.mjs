// The plugin where the backend is down: before Flex starts, and while an agent talks. Flex itself goes on. In Spanish.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accept, agentsIn, begin, byTest, choose, endOrComplete, eventually, first, goes, line, NOTED, openAgent, picture, send, shown, startAll, startBrowser,
  startDoor, state, talkTo, TEST_MS,
} from "./support.mjs";

let door;
let server;
let browser;

before(async () => {
  door = await startDoor();
  server = await startAll(["--multi-participant", "--flex-language", "es-MX", "--plugin-backend", door.url]);
  browser = await startBrowser(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
  await goes(server, "ada", "Available");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
  door?.close();
});

test("the backend is down when Flex starts: Flex is as without the plugin, and one notification says so", { timeout: TEST_MS }, async () => {
  const ada = await openAgent(browser, server, "ada", (context) => first(context, NOTED));
  await eventually(() => shown(ada, "Las transferencias"), "the notification");
  await picture(ada, "plugin-60-missing");
  await begin(server, "Ida", "Hola");
  await line(ada, "Ida").click();
  await accept(ada);
  await byTest(ada.page, "end-task-button").waitFor();
  assert.equal(await ada.page.getByTestId("flex-transfer-button").count(), 0);
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks[0]?.status === "wrapping", "the task wraps up, by Flex's own doing");
  await endOrComplete(ada);
  await eventually(async () => (await state(ada)).tasks.length === 0, "the task is completed");
  await ada.context.close();
});

test("the backend goes down while an agent talks: a transfer says so, and is tried again when it is back", { timeout: TEST_MS }, async () => {
  door.aim(server.backend);
  const ada = await openAgent(browser, server, "ada");
  await talkTo(server, ada, "Jon", "Buenos días");
  await goes(server, "bea", "Available");
  await byTest(ada.page, "flex-transfer-button").getByText("Transferir").waitFor();
  await choose(ada, "Bea Ortiz", "cold");
  door.shut();
  await send(ada);
  const again = ada.page.getByTestId("flex-transfer-notice").getByRole("button").last();
  await again.waitFor();
  assert.deepEqual(await agentsIn(server), ["ada"]);
  door.aim(server.backend);
  await again.click(); // soon: a notification goes away by itself
  await picture(ada, "plugin-61-down");
  await eventually(async () => (await agentsIn(server)).length === 0, "Ada has handed over");
  await picture(ada, "plugin-62-back");
});
