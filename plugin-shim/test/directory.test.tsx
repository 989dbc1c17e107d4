// The directory: what can be done with each entry, favourites and recents, and all of it by the keyboard.

import { cleanup, fireEvent, render, screen as page, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import * as React from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DirectoryLine, Screen } from "../../wasm/js/loader.js";
import { Panels } from "../src/panels";
import { TransferHeader } from "../src/ui/TransferHeader";
import { desk, hidden, screen, task } from "./fixtures";
import { invoked, reset } from "./flex";

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  reset();
});

const line = (sid: string, name: string, more: object = {}) =>
  ({ group: sid.startsWith("WQ") ? "queue" : "worker", kind: sid.startsWith("WQ") ? "queue" : "worker", sid, name, detail: "", available: true, team: "", skills: [], figures: null, enabled: true, reason: "", ...more }) as DirectoryLine;
const LINES = [line("WK1", "Bea", { detail: "Available" }), line("WK2", "Chidi", { enabled: false, reason: "TARGET_UNAVAILABLE" }), line("WQ1", "Billing")];

/** A desk whose directory puts favourites and recents first, as the module does. */
function open({ lines = LINES, answer = screen(), more = {} }: { lines?: DirectoryLine[]; answer?: Screen; more?: object } = {}) {
  const panels = new Panels();
  const find = (_: unknown, query: string) => {
    const rank = (one: DirectoryLine) => (it.favourites.all().includes(one.sid) ? "favourite" : it.recents.all().includes(one.sid) ? "recent" : one.group);
    const order = ["favourite", "recent", "worker", "queue"];
    const found = lines.filter((one) => one.name.toLowerCase().includes(query)).map((one) => ({ ...one, group: rank(one) }));
    return { lines: found.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group)), total: found.length, workers: 0, queues: 0 };
  };
  const it = desk(answer, { find, ...more });
  panels.open(task());
  render(<TransferHeader desk={it} panels={panels} task={task()} />);
  return { it, panels };
}

const names = () => page.getAllByTestId("flex-transfer-target").map((one) => one.getAttribute("data-sid"));
const active = () => document.getElementById(page.getByRole("combobox").getAttribute("aria-activedescendant")!)?.getAttribute("data-sid");

test("each entry offers what can be done with it, and says why where nothing can", async () => {
  open({ answer: screen({ warm: hidden }) });
  const [bea, chidi] = page.getAllByTestId("flex-transfer-target");
  expect(bea!.textContent).toContain("Available");
  expect(chidi!.textContent).toContain("not available right now");
  expect(page.queryByTestId("flex-transfer-warm")).toBeNull();
  expect(page.getAllByTestId("flex-transfer-cold")).toHaveLength(2);
  fireEvent.click(page.getAllByTestId("flex-transfer-cold")[0]!);
  await page.findByTestId("flex-transfer-handover");
});

test("the arrows go through the list and round, Enter transfers, and the search box keeps the focus", async () => {
  const user = userEvent.setup();
  const { panels } = open();
  expect(document.activeElement).toBe(page.getByRole("combobox"));
  expect(active()).toBe("WK1");
  await user.keyboard("{ArrowDown}");
  expect(active()).toBe("WK2");
  await user.keyboard("{Enter}");
  expect(panels.chosen).toBeNull(); // Chidi is not available
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(active()).toBe("WK1");
  await user.keyboard("{ArrowUp}");
  expect(active()).toBe("WQ1");
  await user.keyboard("{PageUp}");
  expect(active()).toBe("WK1");
  expect(document.activeElement).toBe(page.getByRole("combobox"));
  await user.keyboard("{Enter}");
  expect(panels.chosen).toMatchObject({ mode: "cold", target: { sid: "WK1" } });
});

test("Alt and Enter invite; where there are no transfers, Enter does", async () => {
  const user = userEvent.setup();
  const { panels } = open();
  await user.keyboard("{Alt>}{Enter}{/Alt}");
  expect(panels.chosen?.mode).toBe("warm");
  cleanup();
  const { panels: others } = open({ answer: screen({ cold: hidden }) });
  expect(page.getByTestId("flex-transfer-keys").textContent).toBe("↑ ↓ move · Enter invite · Shift+Enter favorite · Esc close");
  await user.keyboard("{Enter}");
  expect(others.chosen?.mode).toBe("warm");
});

test("the keys are told, to those who see them and to those who hear them", () => {
  open();
  const hint = page.getByTestId("flex-transfer-keys");
  expect(hint.textContent).toBe("↑ ↓ move · Enter transfer · Alt+Enter invite · Shift+Enter favorite · Esc close");
  expect(page.getByRole("combobox").getAttribute("aria-describedby")).toBe(hint.id);
});

test("typing narrows the list and starts at its top; an Enter of an input method chooses nothing", async () => {
  const user = userEvent.setup();
  const { panels } = open();
  await user.keyboard("{ArrowDown}bill");
  expect([names(), active()]).toEqual([["WQ1"], "WQ1"]);
  fireEvent.keyDown(page.getByRole("combobox"), { key: "Enter", isComposing: true });
  expect(panels.chosen).toBeNull();
  await user.keyboard("x");
  page.getByText("Nothing matches “billx”.");
});

test("favourites come first and are kept in this browser, by the star or Shift and Enter", async () => {
  const user = userEvent.setup();
  const { it } = open();
  await user.keyboard("{ArrowUp}{Shift>}{Enter}{/Shift}");
  expect(it.favourites.all()).toEqual(["WQ1"]);
  expect(names()).toEqual(["WQ1", "WK1", "WK2"]);
  page.getByRole("rowgroup", { name: "Favorites" });
  const star = page.getByTitle("Remove Billing from favorites");
  expect(star.getAttribute("aria-pressed")).toBe("true");
  fireEvent.click(star);
  expect(names()).toEqual(["WK1", "WK2", "WQ1"]);
  fireEvent.click(page.getByTitle("Add Chidi to favorites")); // also one who is not available now
  expect(names()[0]).toBe("WK2");
});

test("who was chosen is among the recent ones the next time", () => {
  open();
  fireEvent.click(page.getAllByTestId("flex-transfer-cold")[1]!);
  cleanup();
  open();
  expect(names()[0]).toBe("WQ1");
  page.getByRole("rowgroup", { name: "Recent" });
});

test("Tab reaches the buttons of the line that the keyboard is on, and no others", () => {
  open();
  expect(page.getAllByTestId("flex-transfer-cold").map((one) => one.tabIndex)).toEqual([0, -1]);
  expect(page.getAllByTestId("flex-transfer-star").map((one) => one.tabIndex)).toEqual([0, -1, -1]);
});

test("Escape goes back from the form to the list, then closes and gives the focus back", async () => {
  const user = userEvent.setup();
  const { panels } = open();
  await user.keyboard("{Enter}");
  await page.findByTestId("flex-transfer-handover");
  fireEvent.keyDown(page.getByTestId("flex-transfer-handover"), { key: "Escape" });
  await page.findByRole("combobox");
  await user.keyboard("{Escape}");
  expect(panels.openFor).toBe("");
  await waitFor(() => expect(document.activeElement).toBe(page.getByTestId("flex-transfer-button")));
});

test("back from the form goes to Flex's own directory where that is the one", () => {
  const { panels } = open({ more: { settings: { directory: { source: "native" } } } });
  panels.open(task(), { target: { kind: "worker", sid: "WK1", name: "Bea" }, mode: "cold" });
  return page.findByTestId("flex-transfer-handover").then(() => {
    fireEvent.click(page.getByText("Back"));
    expect(panels.openFor).toBe("");
    expect(invoked.map((one) => one.name)).toEqual(["ShowDirectory"]);
  });
});

test("a directory that cannot be had is said, and so is one that is loading", async () => {
  open({ lines: [], more: { directory: { known: false }, warm: async () => false } });
  page.getByText("Loading the directory…");
  expect((await page.findByRole("alert")).textContent).toBe("The directory could not be loaded.");
});
