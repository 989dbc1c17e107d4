// The page in a browser, and what people do on it.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { startProxy } from "./proxy.mjs";
import { startServer } from "./server.mjs";

export const NAMES = { ada: "Ada Lindqvist", bea: "Bea Ortiz", chidi: "Chidi Okafor" };
/** How long anything is waited for. Nothing takes so long when all is well; a busy machine is slow. */
export const PATIENCE_MS = 60_000;
const ARTIFACTS = fileURLToPath(new URL("../../../artifacts/", import.meta.url));
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

let browser;

/** Starts one browser for the tests of a file, and closes it after them. Call it at the top of the file. */
export function withBrowser() {
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  });
  after(() => browser.close());
}

/**
 * Opens the demo on a server of its own and gives it to the body; then checks that the page had no errors. expected are
 * patterns of console errors that the test is about.
 */
export async function withDemo(body, { path = "/", prepare, expected = [], env } = {}) {
  const server = await startServer(env);
  const proxy = await startProxy(server.url);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  context.setDefaultTimeout(PATIENCE_MS);
  const problems = [];
  const open = async (where = path) => {
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
    page.on("console", (message) => {
      const words = `${message.text()} ${message.location().url}`;
      if (["error", "warning"].includes(message.type()) && !expected.some((pattern) => pattern.test(words))) problems.push(`console ${message.type()}: ${words}`);
    });
    await prepare?.(page);
    await page.goto(proxy.url + where);
    return page;
  };
  let page;
  try {
    page = await open();
    await body({ page, open, context, browser, proxy, server, url: server.url });
    assert.deepEqual(problems, [], "the page has no errors");
  } catch (error) {
    await page?.screenshot({ path: `${ARTIFACTS}failed-${Date.now()}.png` }).catch(() => {});
    const said = `The page said:\n${problems.join("\n")}\nThe server said:\n${server.log().slice(-2000)}`;
    throw new Error(`${error.message}\n${said}`, { cause: error });
  } finally {
    await context.close();
    await proxy.stop();
    await server.stop();
  }
}

/** Keeps a picture of the page for people. */
export async function picture(page, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTIFACTS}${name}.png` });
}

export const phone = (page) => page.getByRole("region", { name: "The customer’s phone" });
export const desk = (page, who) => page.getByRole("region", { name: `${NAMES[who]}’s desk` });
export const transferButton = (page, who) => desk(page, who).getByRole("button", { name: "Transfer", exact: true });
export const history = (page, who) => desk(page, who).getByRole("log");
/** The directory's line of the agent or queue of exactly that name. */
export const option = (page, who, name) => desk(page, who).getByRole("option").filter({ has: page.locator(".directory-name").getByText(name, { exact: true }) });

/** The customer writes the first message. */
export async function begin(page, words = "Hello, I was charged twice.") {
  await phone(page).getByRole("textbox", { name: "Message" }).fill(words);
  await phone(page).getByRole("button", { name: "Start the conversation" }).click();
  await phone(page).getByRole("log").getByText(words).waitFor();
}

/** The customer writes another message. */
export async function write(page, words) {
  const box = phone(page).getByRole("textbox", { name: "Write as the customer" });
  await box.fill(words);
  await box.press("Enter");
  await phone(page).getByRole("log").getByText(words).waitFor();
}

/** An agent accepts what rings at their desk. */
export async function accept(page, who) {
  await desk(page, who).getByRole("button", { name: /^Accept/ }).click();
  await desk(page, who).getByRole("textbox", { name: `Reply as ${NAMES[who]}` }).waitFor();
}

/** An agent replies. */
export async function reply(page, who, words) {
  const box = desk(page, who).getByRole("textbox", { name: `Reply as ${NAMES[who]}` });
  await box.fill(words);
  await box.press("Enter");
  await history(page, who).getByText(words).waitFor();
}

/** An agent opens the directory once the rules allow it. */
export async function openDirectory(page, who) {
  await desk(page, who).locator('[data-directory-button][data-state="enabled"]').waitFor();
  await transferButton(page, who).click();
  await desk(page, who).getByRole("combobox", { name: "Search agents and queues" }).waitFor();
}

/** The form between the directory and a transfer. */
export const handover = (page, who) => desk(page, who).getByRole("dialog", { name: /^(Transfer to|Invite) / });

/** An agent chooses a target in the open directory and sends the form: as mode says, with what else is given. */
export async function choose(page, who, name, { mode = "cold", leaveOn, reason, notes } = {}) {
  await option(page, who, name).click();
  await sendHandover(page, who, { mode, leaveOn, reason, notes });
}

/** Fills the open form and sends it by Enter. */
export async function sendHandover(page, who, { mode, leaveOn, reason, notes } = {}) {
  const form = handover(page, who);
  await form.waitFor();
  const kind = form.locator(".segment").getByText(mode === "warm" ? "Invite" : "Transfer", { exact: true });
  if (mode && (await kind.isVisible())) await kind.click();
  if (leaveOn) await form.getByText({ invite: "At once", accept: "When they accept" }[leaveOn]).click();
  if (reason) await form.getByRole("combobox", { name: "Reason" }).selectOption({ label: reason });
  const box = form.getByRole("textbox", { name: "Notes" });
  if (notes) await box.fill(notes);
  await box.press("Enter");
  await form.waitFor({ state: "hidden" });
}

/** An agent brings a colleague or a queue in. */
export async function invite(page, who, name, more = {}) {
  await openDirectory(page, who);
  await choose(page, who, name, { mode: "warm", ...more });
}

/** An agent opens the tab of participants, or goes back to the chat. */
export const showPeople = (page, who) => desk(page, who).getByRole("tab", { name: /^Participants/ }).click();
export const showChat = (page, who) => desk(page, who).getByRole("tab", { name: "Chat" }).click();
export const participants = (page, who) => desk(page, who).getByRole("list", { name: "Participants" }).getByRole("listitem");
export const outstanding = (page, who) => desk(page, who).getByRole("list", { name: "Invited" }).getByRole("listitem");

/** An agent answers the question on their desk with yes. */
export async function confirm(page, who, yes) {
  await desk(page, who).getByRole("alertdialog").getByRole("button", { name: yes, exact: true }).click();
}

/** An agent leaves the conversation for the others. */
export async function leave(page, who) {
  await desk(page, who).getByRole("button", { name: "Leave", exact: true }).click();
  await confirm(page, who, "Leave");
}

/** The customer writes and Ada accepts. */
export async function inConversation(page) {
  await begin(page);
  await accept(page, "ada");
}

/** Waits from now on for what goes away by itself. */
export function soon(locator) {
  const seen = locator.waitFor();
  seen.catch(() => {}); // it is told to whoever awaits it
  return seen;
}

/** Waits until check() returns something true; fails with the last thing it said. */
export async function eventually(check, what) {
  const until = Date.now() + PATIENCE_MS;
  let last;
  for (;;) {
    last = await check();
    if (last) return last;
    if (Date.now() > until) assert.fail(`${what}: still ${JSON.stringify(last)} after ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
