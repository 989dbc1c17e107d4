// What is announced: each outcome once, in its words, and nothing of long ago.

import { beforeEach, expect, test } from "vitest";
import { Announcer } from "../src/announce";
import { desk, screen, task } from "./fixtures";
import { reset, shown } from "./flex";

beforeEach(() => reset());

const now = () => new Date().toISOString();
const transfer = (more: object) => ({
  id: "T1", mode: "warm", phase: "declined", requestedBy: "WKada", endedAt: now(), failure: "TARGET_DECLINED", failureMessage: "", acceptedBy: "",
  target: { kind: "worker", sid: "WK1", name: "Bea" }, ...more,
});
const texts = () => shown.map(({ id, context }) => `${id}: ${context.text}`);

/** Looks twice: what was said is not said again. */
function announce(more: object, answer = screen()): string[] {
  const announcer = new Announcer(desk(answer, more));
  announcer.look();
  announcer.look();
  return texts();
}

test("how the agent's own transfers ended", () => {
  expect(announce({ transfers: [
    transfer({}), transfer({ id: "T2", failure: "INVITE_WITHDRAWN", phase: "canceled" }),
    transfer({ id: "T3", phase: "completed", failure: "" }), transfer({ id: "T4", phase: "completed", failure: "", mode: "cold" }),
  ] })).toEqual([
    "FlexTransferError: Bea declined", "FlexTransferInfo: The invite to Bea was canceled", "FlexTransferSuccess: Bea has joined", "FlexTransferSuccess: Handed over to Bea",
  ]);
});

test("nothing of others' transfers, of those under way, and of what ended long ago", () => {
  expect(announce({ transfers: [transfer({ requestedBy: "WKbea" }), transfer({ id: "T2", endedAt: null }), transfer({ id: "T3", endedAt: "2020-01-01T00:00:00.000Z" })] })).toEqual([]);
});

test("who left, who removed the agent, and what could not be done", () => {
  const departure = { kind: "leave", phase: "gone", agent: { workerSid: "WKbea", name: "Bea" }, requestedBy: "WKbea", endedAt: now(), failure: "", failureMessage: "" };
  expect(announce({ nameOf: () => "Chidi", departures: [
    { ...departure, id: "D1" },
    { ...departure, id: "D2", kind: "remove", agent: { workerSid: "WKada", name: "Ada" }, requestedBy: "WKchidi" },
    { ...departure, id: "D3", agent: { workerSid: "WKada", name: "Ada" }, requestedBy: "WKada", phase: "failed", failure: "LEAVE_REFUSED" },
    { ...departure, id: "D4", agent: { workerSid: "WKada", name: "Ada" }, requestedBy: "WKada" },
    { ...departure, id: "D5", phase: "leaving" },
  ] })).toEqual([
    "FlexTransferInfo: Bea has left the conversation.", "FlexTransferInfo: Chidi has removed you from the conversation.",
    "FlexTransferError: Twilio did not let the agent leave. Nothing was changed.",
  ]);
});

test("that the plugin stands aside is said once, whoever finds out first", () => {
  const store = { worker: { sid: "WKada" }, flex: {}, tasks: [task(), task({ sid: "WR2" })], byReservation: () => undefined };
  const announcer = new Announcer(desk(screen({ notice: "NATIVE_TRANSFERS_ON" }), { store }));
  announcer.tell("NATIVE_TRANSFERS_ON");
  announcer.look();
  expect(texts()).toHaveLength(1);
});
