// The directory with 15,000 workers: searched as one types, by the keyboard, with favourites and recent targets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { desk, eventually, inConversation, openDirectory, option, picture, withBrowser, withDemo } from "./support/demo.mjs";

withBrowser();

test("15,000 workers are searched by name, skill and team, with the keyboard", () => withDemo(async ({ page }) => {
  await inConversation(page);
  await openDirectory(page, "ada");
  const ada = desk(page, "ada");
  const list = ada.getByRole("listbox", { name: "Transfer to" }); // the choice of activity has options too
  const input = ada.getByRole("combobox", { name: "Search agents and queues" });
  await eventually(async () => /\d{4,} more/.test((await ada.locator(".directory-more").textContent()) ?? ""), "the whole directory is there");
  await picture(page, "directory-15000");
  assert.ok((await list.getByRole("option").count()) <= 60, "no more lines than can be read");
  await input.fill("ada lindqvist");
  assert.equal(await list.getByRole("option", { name: /Available/ }).count(), 0, "nobody hands over to themselves");

  await input.fill("bergstrom zoe");
  await list.getByRole("option", { name: "Zoë Bergström" }).first().waitFor();
  await input.fill("retencion espanol");
  await eventually(async () => (await list.getByRole("option").first().textContent()).includes("Retención"), "found by team and skill");
  await picture(page, "directory-team-and-skill");

  await input.fill("bea or");
  await option(page, "ada", "Bea Ortiz").first().waitFor();
  await input.press("Shift+Enter");
  await eventually(async () => (await ada.locator(".directory-label").first().textContent()) === "Favorites", "a favourite comes first");
  await ada.getByRole("button", { name: "Queues", exact: true }).click();
  await input.fill("");
  await list.getByRole("option", { name: /^Billing/ }).first().waitFor();
  assert.equal(await list.getByRole("option", { name: /Bea Ortiz/ }).count(), 0, "queues alone");
  await ada.getByRole("button", { name: "Queues", exact: true }).focus();
  await page.keyboard.press("/");
  assert.ok(await input.evaluate((node) => node === document.activeElement), "a press of / comes to the search box");
  await picture(page, "directory-queues");
  await input.press("Escape");
  await input.waitFor({ state: "hidden" });
}, { env: { SANDBOX_WORKERS: "15000" } }));
