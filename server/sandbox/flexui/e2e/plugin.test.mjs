// A plugin through Flex's own plugin loader, from an address of its own, as a plugin under development is served; and words
// between agent and customer.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { accept, begin, byTest, eventually, goes, line, openAgent, picture, snapshot, stage, startBrowser, startFlex, TEST_MS } from "./support/flex.mjs";

const PLUGIN = `
class ProbePlugin {
  constructor() { this.name = "ProbePlugin"; }
  init(flex, manager) {
    window.probe = { language: manager.serviceConfiguration.ui_language, settings: manager.serviceConfiguration.ui_attributes.probe };
    flex.TaskCanvasHeader.Content.add(React.createElement("button", { key: "probe", "data-testid": "probe" }, "Probe"), { sortOrder: 1 });
  }
}
Twilio.Flex.Plugins.init(ProbePlugin);`;

let files;
let server;
let browser;
let ada;

before(async () => {
  files = createServer((_, response) => response.writeHead(200, { "content-type": "text/javascript", "access-control-allow-origin": "*" }).end(PLUGIN));
  await new Promise((resolve) => files.listen(0, "127.0.0.1", resolve));
  server = await startFlex(["-plugin", `ProbePlugin@1.2.3=http://127.0.0.1:${files.address().port}/probe.js`, "-ui-attributes", '{"probe":{"colour":"blue"}}']);
  browser = await startBrowser(server);
  ada = await openAgent(browser, server, "ada");
}, { timeout: TEST_MS });

after(async () => {
  await browser?.close();
  await server?.stop();
  files?.close();
});

test("the plugin is loaded, reads its settings, and renders beside the task", async () => {
  await eventually(() => ada.page.evaluate(() => Boolean(window.probe)), "the plugin has started");
  assert.deepEqual(ada.problems, []);
  assert.deepEqual((await ada.page.evaluate(() => window.probe)).settings, { colour: "blue" });
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
  await begin(server, "Carla", "Hello, I was charged twice.");
  await line(ada, "Carla").waitFor();
  await accept(ada);
  await byTest(ada.page, "probe").waitFor();
  await picture(ada, "flex-07-plugin");
});

test("agent and customer talk", async () => {
  const words = async () => { const { messages } = await snapshot(server); return Object.values(messages)[0].map((one) => `${one.author}: ${one.body}`); };
  await byTest(ada.page, "message-input").fill("I see both charges.");
  await byTest(ada.page, "send-message").click();
  await eventually(async () => (await words()).includes("ada: I see both charges."), "the agent's message in the account");
  const { conversations, messages } = await snapshot(server);
  const [conversation] = conversations;
  await stage(server, `conversations/${conversation.sid}/messages`, { author: messages[conversation.sid][0].author, body: "Thank you, Ada." });
  await ada.page.getByText("Thank you, Ada.").first().waitFor();
  await picture(ada, "flex-08-talk");
  assert.deepEqual(ada.problems, []);
});

test("the directory shows the account's workers and queues, and finds one", async () => {
  await ada.page.evaluate(() => Twilio.Flex.Actions.invokeAction("ShowDirectory"));
  const directory = ada.page.locator(".Twilio-WorkerDirectory");
  await directory.getByText("Chidi Okafor").waitFor();
  await directory.getByRole("textbox").first().fill("Ort");
  await directory.getByText("Chidi Okafor").waitFor({ state: "detached" });
  await directory.getByText("Bea Ortiz").waitFor();
  await directory.getByRole("tab", { name: "Queues" }).or(directory.getByText("Queues", { exact: true })).first().click();
  await directory.getByText("Billing").waitFor();
  await picture(ada, "flex-09-directory");
  assert.deepEqual(ada.problems, []);
});
