// Without the module the desks keep what Flex does by itself, and the page says so once.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accept, choose, desk, history, inConversation, openDirectory, picture, reply, transferButton, withBrowser, withDemo, write,
} from "./support/demo.mjs";

withBrowser();

const WASM = /\/wasm\/.*\.wasm(\?|$)/;
const WORDS = "Transfers are off on this page";
const EXPECTED = [/wasm/i, /Content Security Policy/];

/** Serves the page with another Content Security Policy. */
async function forbidWasm(page) {
  await page.route((url) => url.pathname === "/", async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), "content-security-policy": "default-src 'self'; script-src 'self'" };
    await route.fulfill({ response, headers });
  });
}

const LOSSES = {
  "cannot be fetched": (page) => page.route(WASM, (route) => route.abort()),
  "is not there": (page) => page.route(WASM, (route) => route.fulfill({ status: 404, contentType: "application/json", body: '{"code":"NOT_FOUND"}' })),
  "comes with a wrong type and is no module": (page) => page.route(WASM, (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<!doctype html><p>Sign in" })),
  "meets a browser without WebAssembly": (page) => page.addInitScript(() => delete globalThis.WebAssembly),
  "is forbidden by the page's policy": forbidWasm,
  "has lost its loader": (page) => page.route(/\/wasm\/loader\.js/, (route) => route.abort()),
};

for (const [what, prepare] of Object.entries(LOSSES)) {
  test(`the module ${what}: chats go on and one notice says so`, () => withDemo(async ({ page }) => {
    await page.getByText(WORDS).waitFor();
    await inConversation(page);
    await reply(page, "ada", "Hello, how can I help?");
    await write(page, "Where is my money?");
    await history(page, "ada").getByText("Where is my money?").waitFor();
    assert.equal(await transferButton(page, "ada").count(), 0, "there is no transfer button");
    assert.equal(await page.getByText(WORDS).count(), 1, "it is said once");
    assert.ok(await desk(page, "ada").getByRole("button", { name: "End", exact: true }).isVisible());
    if (what === "is not there") await picture(page, "30-native");
  }, { prepare, expected: EXPECTED }));
}

test("a module that comes with a wrong type is taken for what it is", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  await choose(page, "ada", "Bea Ortiz");
  await accept(page, "bea");
}, {
  prepare: (page) => page.route(WASM, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
  }),
}));
