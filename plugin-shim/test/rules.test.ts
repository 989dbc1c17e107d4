// The module of the rules and what takes its place when the backend is upgraded.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Fault, LoadOptions } from "../../wasm/js/loader.js";
import { Rules } from "../src/rules";

const loads = vi.hoisted(() => [] as { options: LoadOptions; give(module: object): void }[]);
vi.mock("../../wasm/js/loader.js", () => ({
  loadTransfer: (options: LoadOptions) => new Promise((give) => void loads.push({ options, give: give as (module: object) => void })),
}));

const FIT: Fault = { code: "MODULE_INCOMPATIBLE", message: "contract 1 and contract 2" };
const moduleOf = (rules: string) => ({ rules, native: false, pending: 0, close: vi.fn() });
const settle = () => new Promise((resolve) => setTimeout(resolve));
let lost: Fault[];
let rules: Rules;

beforeEach(() => {
  loads.length = 0;
  lost = [];
  rules = new Rules("https://transfers.example.com", () => {}, (fault) => void lost.push(fault));
});
afterEach(() => void vi.restoreAllMocks());

/** The rules with a first module that runs. */
async function started() {
  const module = moduleOf("first");
  const starting = rules.start();
  loads[0]!.give(module);
  await starting;
  expect(rules.module).toBe(module);
  return module;
}

test("a backend with other rules gives its module, once", async () => {
  const first = await started();
  rules.expect("first");
  expect(loads).toHaveLength(1);
  rules.expect("second");
  rules.expect("second");
  expect(loads).toHaveLength(2);
  const second = moduleOf("second");
  loads[1]!.give(second);
  await settle();
  expect(rules.module).toBe(second);
  expect(rules.hash).toBe("second");
  expect(first.close).toHaveBeenCalledTimes(1);
});

test("a request that begins while the new module is loaded gets its answer from the old one", async () => {
  const first = await started();
  rules.expect("second");
  first.pending = 1;
  const second = moduleOf("second");
  loads[1]!.give(second);
  await settle();
  expect(rules.module).toBe(first);
  expect(first.close).not.toHaveBeenCalled();
  first.pending = 0;
  await rules.renew(); // as after each request
  expect(rules.module).toBe(second);
  expect(loads).toHaveLength(2);
});

test("an upgrade to a backend that does not serve this plugin leaves the module that runs, and tells the operator", async () => {
  const first = await started();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  rules.expect("second");
  loads[1]!.options.onFault!(FIT);
  loads[1]!.give({ ...moduleOf(""), native: true });
  await settle();
  expect([rules.module, rules.state, lost]).toEqual([first, "ready", []]);
  expect(warned.mock.calls).toEqual([["flex-transfer: the module stays as it was:", FIT.code, FIT.message]]);
  rules.expect("second");
  expect(loads).toHaveLength(2);
});

test("without any module that is told once", async () => {
  const starting = rules.start();
  loads[0]!.options.onFault!(FIT);
  loads[0]!.give({ ...moduleOf(""), native: true });
  await starting;
  expect([rules.module, rules.state, lost]).toEqual([null, "missing", [FIT]]);
});
