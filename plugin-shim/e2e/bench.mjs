// What the plugin costs in the real Flex UI: the time from Flex's desktop on the screen to a transfer button that can be
// used, and the work that the plugin adds to the page's main thread while Flex starts. Flex with and without the plugin takes
// turns in one run. Run by make bench.

import { begin, eventually, goes, openAgent, stage, startAll, startBrowser, state } from "./support.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SETTLE_MS = 3000; // after the rules are ready, for what the plugin does then

const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const ms = (n) => `${n.toFixed(0).padStart(6)} ms`;

/** Before Flex starts: notes the long tasks, and when Flex's desktop is on the screen. */
const watch = (context) => context.addInitScript(() => {
  const seen = (window.seen = { blocked: 0, longest: 0, desktop: 0, ready: 0, started: 0 });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.blocked += duration - 50;
      seen.longest = Math.max(seen.longest, duration);
    }
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime, detail } of list.getEntriesByName("flex-transfer:ready")) [seen.ready, seen.started] = [startTime, detail.started];
  }).observe({ type: "mark", buffered: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector('[data-test="activity-dropdown-button"], [data-testid="activity-dropdown-button"]')) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (seen.desktop = performance.now())));
  }).observe(document, { childList: true, subtree: true });
});

/** Opens Flex once and answers what it took. The plugin's script is an empty one where it is to be without. */
async function open(browser, server, plugin) {
  let metering; // counts from the page's beginning
  const agent = await openAgent(browser, server, "ada", async (context) => {
    await watch(context);
    context.once("page", (page) => (metering = context.newCDPSession(page).then(async (cdp) => { await cdp.send("Performance.enable"); return cdp; })));
    if (!plugin) await context.route("**/flex-transfer.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  });
  const { page, context } = agent;
  await page.waitForFunction((plugin) => seen.desktop && (!plugin || seen.ready), plugin);
  await page.waitForTimeout(SETTLE_MS);
  const { metrics } = await (await metering).send("Performance.getMetrics");
  const seconds = (name) => metrics.find((one) => one.name === name).value * 1000;
  const figures = { ...(await page.evaluate(() => seen)), script: seconds("ScriptDuration"), task: seconds("TaskDuration") };
  await context.close();
  return figures;
}

/** From the click on Accept to a transfer button that can be used, with Flex and the rules running. */
async function acceptToButton(browser, server) {
  const agent = await openAgent(browser, server, "ada");
  const { page, context } = agent;
  await page.waitForFunction(() => performance.getEntriesByName("flex-transfer:ready").length > 0);
  await begin(server, "Carla", "Hello");
  await page.locator(".Twilio-TaskListBaseItem").filter({ hasText: "Carla" }).first().click();
  const took = await page.evaluate(() => new Promise((resolve) => {
    const began = performance.now();
    const times = {};
    const look = () => {
      times.end ??= document.querySelector('[data-test="end-task-button"], [data-testid="end-task-button"]') ? performance.now() - began : undefined;
      times.button ??= document.querySelector('[data-testid="flex-transfer-button"][data-state="enabled"]') ? performance.now() - began : undefined;
      if (times.end && times.button) resolve(times);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
    document.querySelector('[data-test="accept-task"], [data-testid="accept-task"]').click();
  }));
  const { tasks } = await state(agent);
  for (const action of ["wrapup", "complete"]) await stage(server, `reservations/${tasks[0].reservation}`, { action });
  await eventually(async () => (await state(agent)).tasks.length === 0, "the task is over");
  await context.close();
  return took;
}

const server = await startAll([]);
const browser = await startBrowser(server);
try {
  for (const name of ["bea", "chidi"]) await goes(server, name, "Offline");
  await goes(server, "ada", "Available");
  await open(browser, server, true); // Chromium's own start
  const [with_, without] = [[], []];
  for (let i = 0; i < ROUNDS; i++) {
    without.push(await open(browser, server, false));
    with_.push(await open(browser, server, true));
  }
  const accepted = [];
  for (let i = 0; i < ROUNDS; i++) accepted.push(await acceptToButton(browser, server));
  const of = (all, pick) => median(all.map(pick));
  console.log("The plugin in the real Flex UI (medians of", ROUNDS, "starts each, in turn)");
  console.log(`  Flex's desktop on the screen       ${ms(of(with_, (one) => one.desktop))}   without the plugin ${ms(of(without, (one) => one.desktop))}`);
  console.log(`  from there until the rules decide  ${ms(of(with_, (one) => one.ready - one.desktop))}   fetching and starting them takes ${ms(of(with_, (one) => one.ready - one.started))}`);
  console.log(`  accept until transfer is enabled   ${ms(of(accepted, (one) => one.button))}   until Flex's own End is there ${ms(of(accepted, (one) => one.end))}`);
  for (const [label, pick] of [["scripts on the main thread", (one) => one.script], ["all work on the main thread", (one) => one.task], ["blocked by long tasks", (one) => one.blocked], ["longest task", (one) => one.longest]]) {
    const [mine, bare] = [of(with_, pick), of(without, pick)];
    console.log(`  ${label.padEnd(34)} ${ms(mine)}   without the plugin ${ms(bare)}   ${mine >= bare ? "+" : "-"}${Math.abs(mine - bare).toFixed(0)} ms, ${(mine / bare).toFixed(2)} times`);
  }
} finally {
  await browser.close();
  await server.stop();
}
