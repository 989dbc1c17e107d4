// The components: they show what the rules say, say why where something cannot be done, and invoke actions.

import { cleanup, fireEvent, render, screen as page } from "@testing-library/react";
import * as React from "react";
import { afterEach, expect, test } from "vitest";
import { Panels } from "../src/panels";
import { speak } from "../src/texts";
import { BriefingCard } from "../src/ui/BriefingCard";
import { Handover } from "../src/ui/Handover";
import { ParticipantsLabel, ParticipantsPanel } from "../src/ui/ParticipantsTab";
import { ProgressStrip } from "../src/ui/ProgressStrip";
import { TransferHeader } from "../src/ui/TransferHeader";
import { desk, enabled, hidden, screen, task } from "./fixtures";
import { invoked, reset } from "./flex";

afterEach(() => {
  cleanup();
  reset();
  speak(["en-US"]);
});

test("the transfer button is busy while the rules are loading, and is not there where they are missing", () => {
  const { unmount } = render(<TransferHeader desk={desk(null, { state: "loading" })} panels={new Panels()} task={task()} />);
  const button = page.getByTestId("flex-transfer-button");
  expect(button.getAttribute("aria-busy")).toBe("true");
  expect(button.title).toBe("Transfers are loading…");
  fireEvent.click(button);
  expect(invoked).toEqual([]);
  unmount();
  render(<TransferHeader desk={desk(null, { state: "missing" })} panels={new Panels()} task={task()} />);
  expect(page.queryByTestId("flex-transfer-button")).toBeNull();
});

test("where Flex says already that there will be no transfers, no button is loading", () => {
  render(<TransferHeader desk={desk(null, { state: "loading", isOff: true })} panels={new Panels()} task={task()} />);
  expect(page.queryByTestId("flex-transfer-button")).toBeNull();
});

test("a transfer button that cannot be used says why, and does nothing", () => {
  const button = { state: "disabled" as const, reason: "INVITE_OUTSTANDING" };
  render(<TransferHeader desk={desk(screen({ button }))} panels={new Panels()} task={task()} />);
  const shown = page.getByTestId("flex-transfer-button");
  expect(shown.getAttribute("aria-disabled")).toBe("true");
  expect(shown.title).toContain("Somebody has been invited");
  fireEvent.click(shown);
  expect(invoked).toEqual([]);
});

test("Leave is there for leaving alone, and invokes its action", () => {
  const first = render(<TransferHeader desk={desk(screen())} panels={new Panels()} task={task()} />);
  expect(page.queryByTestId("flex-transfer-leave")).toBeNull();
  first.unmount();
  render(<TransferHeader desk={desk(screen({ exit: { ...enabled, kind: "leave" } }))} panels={new Panels()} task={task()} />);
  fireEvent.click(page.getByTestId("flex-transfer-leave"));
  expect(invoked.map((one) => one.name)).toEqual(["LeaveChat"]);
});

const reasons = [{ code: "billing", labels: { "": "Billing", "es-ES": "Facturación" } }];
const target = { kind: "worker" as const, sid: "WK1", name: "Bea" };
const form = (settings: object, mode: "cold" | "warm" = "cold") =>
  render(<Handover desk={desk(screen(), { settings })} task={task()} target={target} mode={mode} back={() => undefined} done={() => undefined} />);

test("a required reason is asked for; then all that was said goes with the action", () => {
  form({ leave_on: "invite", leave_on_choice: true, handover: { reasons, required: true, notes_max: 20, digest: false } });
  fireEvent.click(page.getByTestId("flex-transfer-send"));
  expect(page.getByRole("alert").textContent).toBe("Choose a reason for the transfer.");
  fireEvent.change(page.getByLabelText("Reason"), { target: { value: "billing" } });
  fireEvent.click(page.getByLabelText("When they accept"));
  fireEvent.change(page.getByPlaceholderText(/What should they know/), { target: { value: " Twice in May " } });
  fireEvent.click(page.getByTestId("flex-transfer-send"));
  expect(invoked).toHaveLength(1);
  expect(invoked[0]).toMatchObject({ name: "ChatTransferTask", payload: { targetSid: "WK1", options: { mode: "COLD", leaveOn: "accept", reason: "billing", notes: "Twice in May" } } });
});

test("notes that are too long are not sent, and an invite knows no leaving", () => {
  form({ leave_on: "invite", leave_on_choice: true, handover: { reasons: [], required: false, notes_max: 3, digest: false } }, "warm");
  expect(page.queryByText("When do you leave?")).toBeNull();
  expect(page.queryByLabelText("Reason")).toBeNull();
  fireEvent.change(page.getByPlaceholderText(/What should they know/), { target: { value: "four" } });
  page.getByText("1 character too long");
  fireEvent.click(page.getByTestId("flex-transfer-send"));
  expect(invoked).toEqual([]);
});

const invite = {
  transferId: "T1", target, mode: "warm" as const, phase: "ringing" as const, by: "Ada", since: new Date().toISOString(), deadline: null, mine: true, cancel: enabled,
};

test("the tab shows who is there and who is invited; removing and canceling are actions", () => {
  const participants = [
    { sid: "UT1", type: "customer", workerSid: "", name: "", me: false, leaving: false, remove: hidden },
    { sid: "UT2", type: "agent", workerSid: "WKada", name: "Ada", me: true, leaving: false, remove: hidden },
    { sid: "UT3", type: "agent", workerSid: "WKbea", name: "Bea", me: false, leaving: false, remove: enabled },
  ];
  const it = desk(screen({ participants, invites: [invite], parties: 3 }));
  render(<><ParticipantsLabel desk={it} task={task()} /><ParticipantsPanel desk={it} task={task()} /></>);
  expect(page.getByTestId("flex-transfer-parties").textContent).toBe("3");
  expect(page.getAllByTestId("flex-transfer-person").map((one) => one.textContent)).toEqual(["CarlaCustomer", "Ada (you)Agent", "BeaAgentRemove"]);
  fireEvent.click(page.getByRole("button", { name: "Remove Bea from the conversation" }));
  fireEvent.click(page.getByRole("button", { name: "Cancel the invite to Bea" }));
  expect(invoked.map(({ name, payload }) => [name, payload.participantSid ?? payload.transferId])).toEqual([["RemoveChatParticipant", "UT3"], ["CancelChatParticipantInvite", "T1"]]);
});

const progress = {
  transferId: "T1", mode: "warm" as const, leaveOn: "" as const, phase: "ringing" as const, target, asked: null,
  from: { workerSid: "WKada", name: "Ada", participantSid: "UT2", taskSid: "WT1" }, tried: [], over: "", acceptedBy: "",
  since: new Date().toISOString(), ringing: new Date().toISOString(), deadline: null, ended: null as string | null, failure: "", failureMessage: "", mine: true, cancel: enabled,
};

test("a transfer under way is shown and can be canceled; one that failed long ago is not shown", () => {
  const first = render(<ProgressStrip desk={desk(screen({ progress }))} task={task()} />);
  page.getByText("Ringing Bea…");
  fireEvent.click(page.getByRole("button", { name: "Cancel the transfer" }));
  expect(invoked[0]).toMatchObject({ name: "CancelChatParticipantInvite", payload: { transferId: "T1" } });
  first.unmount();
  const ended = { ...progress, phase: "declined" as const, failure: "TARGET_DECLINED" };
  const second = render(<ProgressStrip desk={desk(screen({ progress: { ...ended, ended: new Date().toISOString() } }))} task={task()} />);
  page.getByText("Bea declined");
  second.unmount();
  render(<ProgressStrip desk={desk(screen({ progress: { ...ended, ended: "2020-01-01T00:00:00.000Z" } }))} task={task()} />);
  expect(page.queryByTestId("flex-transfer-progress")).toBeNull();
});

test("the briefing says who hands over and why, in the agent's language, and folds", () => {
  speak(["es-ES"]);
  const briefing = { from: "Ada", reason: "billing", notes: "Twice in May", rescued: false, digest: null, pending: false };
  const settings = { handover: { reasons, required: false, notes_max: 10, digest: false } };
  render(<BriefingCard desk={desk(screen({ briefing }), { settings })} task={task()} />);
  page.getByText("Facturación");
  page.getByText("Twice in May");
  fireEvent.click(page.getByRole("button"));
  expect(page.queryByText("Twice in May")).toBeNull();
});

test("whoever takes over a customer that was left alone reads so", () => {
  const briefing = { from: "", reason: "", notes: "", rescued: true, digest: null, pending: false };
  render(<BriefingCard desk={desk(screen({ briefing }))} task={task()} />);
  page.getByText("Nobody was with the customer any more, so the conversation was brought here automatically.");
});
