// Flex's own directory, narrowed by the rules: for our tasks, where the settings want it, and for nothing else.

import { act, cleanup, render, screen as page } from "@testing-library/react";
import * as React from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { narrowNativeDirectory } from "../src/ui/NativeDirectory";
import { desk, enabled, hidden, screen, task } from "./fixtures";
import { added, reset } from "./flex";

const settings = { directory: { source: "native" } };
const filters = { hiddenWorkerFilter: '(data.activity_name IN ["Available"])', hiddenQueueFilter: "unused", queueSids: ["WQ1"] };
let given: any[];

beforeEach(() => {
  reset();
  given = [];
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function Tabs(props: any): JSX.Element {
  given.push(props);
  return <div data-testid="tabs" />;
}

/** Flex's tabs as they are with the plugin. */
function show(it: ReturnType<typeof desk>, props: object = {}): void {
  narrowNativeDirectory(it);
  const Wrapped = added.at(-1)!.component(Tabs);
  render(<Wrapped task={task()} isWarmTransferEnabled={false} {...props} />);
}
const last = () => given.at(-1);

test("it shows whom and what the rules allow", () => {
  show(desk(screen(), { settings, nativeFilters: () => filters }));
  expect(last().hiddenWorkerFilter).toBe(filters.hiddenWorkerFilter);
  expect(last().hiddenQueueFilter).toBeUndefined();
  expect(["WQ1", "WQ2"].map((sid) => last().queueFilter({ sid }))).toEqual([true, false]);
  expect(last().isWarmTransferEnabled).toBe(true);
});

test("what others have set counts besides", () => {
  show(desk(screen(), { settings, nativeFilters: () => ({ ...filters, queueSids: ["WQ1", "WQ2"] }) }), { hiddenWorkerFilter: 'data.attributes.team EQ "A"', queueFilter: ({ sid }: { sid: string }) => sid !== "WQ1" });
  expect(last().hiddenWorkerFilter).toBe(`(data.attributes.team EQ "A") AND (${filters.hiddenWorkerFilter})`);
  expect(["WQ1", "WQ2", "WQ3"].map((sid) => last().queueFilter({ sid }))).toEqual([false, true, false]);
  cleanup();
  show(desk(screen(), { settings, nativeFilters: () => ({ ...filters, hiddenWorkerFilter: "" }) }), { hiddenWorkerFilter: "theirs" });
  expect(last().hiddenWorkerFilter).toBe("theirs");
});

test("it comes up once the filters are known", async () => {
  const directory = { known: false };
  const it = desk(screen(), { settings, directory, nativeFilters: () => filters });
  show(it);
  expect(page.getByRole("status").textContent).toBe("Loading the directory…");
  expect(given).toEqual([]);
  directory.known = true;
  await act(async () => it.changed());
  expect(last().hiddenWorkerFilter).toBe(filters.hiddenWorkerFilter);
});

test("where they cannot be had, it says so, and the backend refuses what is not allowed", async () => {
  show(desk(screen(), { settings, directory: { known: false }, warm: async () => false, nativeFilters: () => null }));
  expect((await page.findByRole("alert")).textContent).toBe("The directory could not be loaded.");
  expect(last().hiddenWorkerFilter).toBeUndefined();
});

test("buttons that the rules do not allow are not there, and it says why", () => {
  show(desk(screen({ cold: { state: "disabled", reason: "INVITE_OUTSTANDING" }, warm: enabled }), { settings, nativeFilters: () => filters }));
  expect(document.querySelector("style")?.textContent).toContain("cold-transfer-button");
  expect(page.getByTestId("flex-transfer-why-not").textContent).toContain("Somebody has been invited");
  cleanup();
  show(desk(screen({ warm: hidden }), { settings, nativeFilters: () => filters }));
  expect(last().isWarmTransferEnabled).toBe(false);
  expect(document.querySelector("style")).toBeNull();
});

test("calls, accounts with our directory, and pages without rules have Flex's directory as it is", () => {
  const untouched = (it: ReturnType<typeof desk>, props: object = {}) => {
    show(it, props);
    expect(last()).toEqual({ task: task(), isWarmTransferEnabled: false, ...props });
    cleanup();
  };
  untouched(desk(screen(), { settings, nativeFilters: () => filters }), { task: task({ taskChannelUniqueName: "voice" }) });
  untouched(desk(screen(), { settings, nativeFilters: () => filters }), { task: task({ attributes: {} }) });
  untouched(desk(screen(), { settings: { directory: { source: "own" } }, nativeFilters: () => filters }));
  untouched(desk(null, { settings, state: "missing", nativeFilters: () => filters }));
  untouched(desk(screen({ notice: "NATIVE_TRANSFERS_ON" }), { settings, nativeFilters: () => filters }));
});

test("a mistake of ours leaves it as it is", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  show(desk(screen(), { settings, nativeFilters: () => { throw new Error("ours"); } }));
  expect(last()).toEqual({ task: task(), isWarmTransferEnabled: false });
  page.getByTestId("tabs");
});
