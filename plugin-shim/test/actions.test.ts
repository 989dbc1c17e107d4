// Which actions the plugin answers, and which it leaves to Flex.

import { beforeEach, expect, test, vi } from "vitest";
import { registerActions } from "../src/actions";
import type { Desk } from "../src/desk";
import { Panels } from "../src/panels";
import { desk, enabled, screen, task } from "./fixtures";
import { Actions, invoked, reset, shown } from "./flex";

let native: string[];

/** Flex with its own actions, and the plugin's over them. */
function begin(it: Desk): Panels {
  reset();
  native = [];
  for (const name of ["TransferTask", "ShowDirectory", "WrapupTask", "CompleteTask"]) Actions.registerAction(name, async () => void native.push(name));
  const panels = new Panels();
  registerActions(it, panels);
  return panels;
}

const all = ["TransferTask", "ShowDirectory", "WrapupTask", "CompleteTask"];
const invokeAll = async (payload: object) => { for (const name of all) await Actions.invokeAction(name, payload); };

beforeEach(() => reset());

test("calls, and tasks of no interaction, are left to Flex", async () => {
  begin(desk(screen()));
  await invokeAll({ task: task({ taskChannelUniqueName: "voice" }) });
  expect(native).toEqual(all);
  begin(desk(screen()));
  await invokeAll({ task: task({ attributes: {} }) });
  expect(native).toEqual(all);
});

test("without rules, and with Twilio's own transfers on, all is left to Flex", async () => {
  begin(desk(null, { state: "missing" }));
  await invokeAll({ task: task() });
  expect(native).toEqual(all);
  begin(desk(screen({ notice: "NATIVE_TRANSFERS_ON", exit: { state: "hidden", reason: "", kind: "end" } })));
  await invokeAll({ task: task() });
  expect(native).toEqual(all);
});

test("a transfer asks the backend; its refusal is said, and can be tried again with its key where the outcome is unknown", async () => {
  const asked: unknown[][] = [];
  const transfer = async (...args: unknown[]) => {
    asked.push(args);
    return { ok: false, uncertain: asked.length === 1, key: "K1", body: { code: "TWILIO_BUSY", message: "" } };
  };
  begin(desk(screen(), { transfer }));
  await Actions.invokeAction("TransferTask", { task: task(), targetSid: "WQ1", options: { mode: "WARM", reason: "billing" } });
  expect(invoked.map((one) => one.name)).toEqual(["TransferTask", "ChatTransferTask"]);
  expect(asked[0]!.slice(1)).toEqual([{ target: { kind: "queue", sid: "WQ1" }, mode: "warm", reason: "billing" }, undefined]);
  expect(shown[0]!.context.text).toContain("Twilio is busy");
  await shown[0]!.context.retry();
  await new Promise((resolve) => setTimeout(resolve));
  expect(asked[1]![2]).toBe("K1");
  expect(shown[1]!.context.retry).toBeUndefined();
});

test("the template's payloads name a conversation, and an invite by its task", async () => {
  const asked: unknown[][] = [];
  const it = desk(screen(), { transfers: [{ id: "T1", invite: { taskSid: "WT9" } }], cancel: async (...args: unknown[]) => void asked.push(args) });
  const other = task({ sid: "WR2", attributes: { conversationSid: "CH2" } });
  Object.assign(it.store, { tasks: [task(), other] });
  begin(it);
  await Actions.invokeAction("CancelChatParticipantInvite", { conversation: { source: { sid: "CH2" } }, invitesTaskSid: "WT9" });
  expect(asked).toEqual([[other, "T1"]]);
  await Actions.invokeAction("CancelChatParticipantInvite", { conversation: { source: { sid: "CH2" } }, invitesTaskSid: "WT0" });
  await Actions.invokeAction("CancelChatParticipantInvite", { conversation: { source: { sid: "CH3" } }, invitesTaskSid: "WT9" });
  expect(asked).toHaveLength(1);
});

test("from Flex's own directory a transfer is asked for by the form", async () => {
  const asked: unknown[] = [];
  const directory = { known: true, nameOf: (sid: string) => (sid === "WQ1" ? "Billing" : "") };
  const panels = begin(desk(screen(), { settings: { directory: { source: "native" } }, directory, transfer: async (...args: unknown[]) => void asked.push(args) }));
  await Actions.invokeAction("TransferTask", { task: task(), targetSid: "WQ1", options: { mode: "WARM" } });
  expect([panels.openFor, panels.chosen]).toEqual(["WR1", { target: { kind: "queue", sid: "WQ1", name: "Billing" }, mode: "warm" }]);
  expect(asked).toEqual([]);
});

test("End waits for rules that are loading, but not for ever", async () => {
  vi.useFakeTimers();
  try {
    let settle = () => {};
    const late = desk(null, { state: "loading", settled: new Promise<void>((resolve) => (settle = resolve)) });
    begin(late);
    const ending = Actions.invokeAction("WrapupTask", { task: task() });
    await vi.advanceTimersByTimeAsync(1000);
    expect(native).toEqual([]);
    Object.assign(late, { state: "ready", screen: () => screen({ exit: { state: "disabled", reason: "INVITE_UNDER_WAY", kind: "end" } }) });
    settle();
    await vi.advanceTimersByTimeAsync(0);
    await ending;
    expect(native).toEqual([]);
    begin(desk(null, { state: "loading", settled: new Promise(() => {}) }));
    const never = Actions.invokeAction("WrapupTask", { task: task() });
    await vi.advanceTimersByTimeAsync(3000);
    await never;
    expect(native).toEqual(["WrapupTask"]);
  } finally {
    vi.useRealTimers();
  }
});

test("the directory of a conversation is ours, but where the settings want Flex's", async () => {
  const panels = begin(desk(screen()));
  await Actions.invokeAction("ShowDirectory", { task: task() });
  expect(panels.openFor).toBe("WR1");
  expect(native).toEqual([]);
  const others = begin(desk(screen(), { settings: { directory: { source: "native" } } }));
  await Actions.invokeAction("ShowDirectory", { task: task() });
  expect([others.openFor, native]).toEqual(["", ["ShowDirectory"]]);
});

test("End is Flex's own where the rules let the agent end; held back, it says why", async () => {
  begin(desk(screen()));
  await Actions.invokeAction("WrapupTask", { task: task() });
  expect(native).toEqual(["WrapupTask"]);
  begin(desk(screen({ exit: { state: "disabled", reason: "INVITE_UNDER_WAY", kind: "leave" }, button: { state: "hidden", reason: "" } })));
  await Actions.invokeAction("WrapupTask", { task: task() });
  await Actions.invokeAction("CompleteTask", { task: task() });
  expect(native).toEqual([]);
  expect(shown.map((one) => one.context.text)).toEqual(["An invite is on its way. Wait a moment.", "An invite is on its way. Wait a moment."]);
});

test("leaving is asked about first, with who goes on", async () => {
  const kinds: string[] = [];
  const participants = [{ sid: "UT3", type: "agent", workerSid: "WKbea", name: "Bea", me: false, leaving: false, remove: enabled }];
  const panels = begin(desk(screen({ participants, exit: { ...enabled, kind: "leave" } }), { depart: async (_: unknown, kind: string) => void kinds.push(kind) }));
  const leaving = Actions.invokeAction("WrapupTask", { task: task() });
  await new Promise((resolve) => setTimeout(resolve));
  expect(panels.question?.text).toContain("Bea");
  panels.answer(false);
  await leaving;
  expect(kinds).toEqual([]);
  const again = Actions.invokeAction("LeaveChat", { task: task() });
  await new Promise((resolve) => setTimeout(resolve));
  panels.answer(true);
  await again;
  expect(kinds).toEqual(["leave"]);
});
