// What Twilio's plugin scripts have built: it is whole, and in the real Flex UI it registers and does its work.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accept, agentsIn, byTest, choose, eventually, goes, line, notice, openAgent, picture, send, startAll, startBrowser, talkTo, TEST_MS } from "../e2e/support.mjs";

const FILE = new URL("build/plugin-flex-transfer.js", import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
let server;
let browser;

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("it has its version, takes React and Flex from the page, and has a source map of our sources", () => {
  const script = readFileSync(FILE, "utf8");
  assert.ok(script.includes(`"${version}"`), "the version");
  assert.ok(script.includes("window.Twilio.Flex") && !script.includes("react.production.min"));
  assert.ok(script.includes("//# sourceMappingURL=bundle.js.map"), "the scripts deploy it under that name");
  const { sources } = JSON.parse(readFileSync(`${FILE}.map`, "utf8"));
  for (const name of ["plugin.tsx", "DirectorySearch.tsx", "module/loader.js"]) assert.ok(sources.some((one) => one.endsWith(`/${name}`)), name);
});

test("the Twilio CLI's own check before a deployment has nothing against it", { timeout: TEST_MS }, () => {
  const home = mkdtempSync(join(tmpdir(), "flex-transfer-cli-")); // the check wants to know which CLI there is
  try {
    mkdirSync(join(home, ".twilio-cli/flex"), { recursive: true });
    writeFileSync(join(home, ".twilio-cli/package.json"), '{"dependencies": {}}');
    execFileSync("node", ["node_modules/.bin/flex-plugin", "pre-script-check"], { cwd: new URL(".", import.meta.url).pathname, env: { ...process.env, HOME: home, CI: "1" }, encoding: "utf8" });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("it hands a conversation over in the real Flex UI", { timeout: TEST_MS }, async () => {
  server = await startAll(["--plugin", FILE]);
  browser = await startBrowser(server);
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
  await goes(server, "ada", "Available");
  const ada = await openAgent(browser, server, "ada");
  const bea = await openAgent(browser, server, "bea");
  await talkTo(server, ada, "Ora", "Hello");
  await goes(server, "bea", "Available");
  await choose(ada, "Bea Ortiz", "cold");
  await send(ada);
  await line(bea, "Ora").click();
  await accept(bea);
  await notice(ada, "Handed over to Bea Ortiz").waitFor();
  await byTest(bea.page, "flex-transfer-briefing").waitFor();
  await picture(ada, "plugin-90-official");
  await eventually(async () => (await agentsIn(server)).join() === "bea", "Bea alone is in the conversation");
});
