// How the plugin starts: it registers, and fetches nothing before Flex has painted; a mistake of ours does not stop Flex.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FlexTransferPlugin } from "../src/plugin";
import { task } from "./fixtures";
import { added, reset, shown } from "./flex";

let idle: (() => void)[];
let said: ReturnType<typeof vi.spyOn>;
let fetched: ReturnType<typeof vi.fn>;

beforeEach(() => {
  reset();
  idle = [];
  vi.stubGlobal("requestIdleCallback", (run: () => void) => void idle.push(run));
  fetched = vi.fn(async () => { throw new Error("no network"); });
  vi.stubGlobal("fetch", fetched);
  said = vi.spyOn(console, "info").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const manager = (flex_transfer: object, featureFlags: object = {}) => ({
  serviceConfiguration: { ui_attributes: { custom_data: { features: { flex_transfer } } } },
  store: { getState: () => ({ flex: { featureFlags, worker: { tasks: new Map() }, session: {} } }), subscribe: () => () => {} },
  workerClient: { sid: "WKada", name: "ada" }, user: { roles: ["agent"], token: "T" },
});
const backend_url = "https://transfers.example.com";
const start = (of: object) => new FlexTransferPlugin().init(null, of as never);

test("it registers its parts, and asks the network for nothing until Flex has painted and is idle", async () => {
  start(manager({ backend_url }));
  expect(added.map((one) => one.into)).toEqual(["TaskCanvasHeader", "TaskCanvasTabs", "TaskCanvas", "TaskCanvas", "WorkerDirectoryTabs"]);
  expect(fetched).not.toHaveBeenCalled();
  expect(idle).toHaveLength(1);
  idle[0]!();
  await vi.waitFor(() => expect(shown.map((one) => one.context.text)).toEqual([expect.stringContaining("Transfers are off on this page")]), 60_000);
  expect(String(fetched.mock.calls[0]![0])).toContain(backend_url);
});

test("a backend whose module does not serve this plugin: one notification in words, both versions for the operator", async () => {
  fetched.mockImplementation(async () => Response.json({ module: "transfer.0.wasm", exec: "wasm_exec.0.js", rules: "abc" }));
  start(manager({ backend_url }));
  idle[0]!();
  await vi.waitFor(() => expect(shown.map((one) => one.context.text)).toEqual([expect.stringContaining("do not fit together")]), 60_000);
  expect(vi.mocked(console.error).mock.calls).toEqual([[
    `flex-transfer: plugin test, backend ${backend_url}:`, "MODULE_INCOMPATIBLE", expect.stringMatching(/contract 1 .*rules abc/),
  ]]);
});

test("its parts are for conversations alone", () => {
  start(manager({ backend_url }));
  const shownFor = (one: object) => added.filter(({ options }) => options).map(({ options }) => options.if({ task: one }));
  expect(shownFor(task())).toEqual([true, true, true, true]);
  expect(shownFor(task({ taskChannelUniqueName: "voice" }))).toEqual([false, false, false, false]);
  expect(shownFor(task({ attributes: {} }))).toEqual([false, false, false, false]);
  expect(shownFor(task({ status: "pending" }))).toEqual([false, false, true, true]); // the briefing comes with the reservation
});

test("it says once which version it is and where its backend is", () => {
  start(manager({ backend_url }));
  expect(said.mock.calls).toEqual([[`flex-transfer: plugin test, backend ${backend_url}`]]);
  expect(new FlexTransferPlugin()).toMatchObject({ name: "FlexTransferPlugin", version: "test" });
});

test("switched off it does nothing, and says so to whoever looks", () => {
  start(manager({ backend_url, enabled: false }));
  expect([added, idle, shown]).toEqual([[], [], []]);
  expect(said.mock.calls).toEqual([["flex-transfer: plugin test, switched off by ui_attributes"]]);
});

test("without a backend one notification says so", () => {
  start(manager({}));
  expect(added).toEqual([]);
  idle.forEach((run) => run());
  expect(shown).toHaveLength(1);
});

test("where Twilio's own transfers are on already, that is said once, at once", () => {
  start(manager({ backend_url }, { transfersConfig: { enabled: true } }));
  idle.forEach((run) => run());
  expect(shown.map((one) => one.context.text)).toEqual([expect.stringContaining("Twilio’s own messaging transfers")]);
});

test("a mistake of ours is told in the console, and Flex goes on", () => {
  expect(() => start({})).not.toThrow();
  expect(() => start({ get serviceConfiguration() { throw new Error("ours"); } })).not.toThrow();
});
