// The small parts: questions, notifications, the guard and the buttons.

import { act, cleanup, fireEvent, render, screen as page } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import * as React from "react";
import { afterEach, expect, test, vi } from "vitest";
import { NoticeContent } from "../src/notices";
import { Panels } from "../src/panels";
import { Guard, guarded } from "../src/ui/Guard";
import { RuleButton } from "../src/ui/parts";
import { TransferHeader } from "../src/ui/TransferHeader";
import { desk, screen, task } from "./fixtures";
import { reset } from "./flex";

afterEach(() => {
  cleanup();
  reset();
  vi.restoreAllMocks();
});

/** What is answered to a question, after something was done. */
async function answered(deed: (user: ReturnType<typeof userEvent.setup>) => Promise<unknown>): Promise<boolean> {
  const panels = new Panels();
  render(<TransferHeader desk={desk(screen())} panels={panels} task={task()} />);
  let answer!: Promise<boolean>;
  await act(async () => void (answer = panels.ask({ title: "Leave?", text: "Bea goes on.", yes: "Leave" })));
  const dialog = page.getByRole("alertdialog", { name: "Leave?" });
  expect(dialog.textContent).toContain("Bea goes on.");
  await deed(userEvent.setup());
  const yes = await answer;
  await act(async () => {});
  expect(page.queryByRole("alertdialog")).toBeNull();
  cleanup();
  return yes;
}

test("a question is answered by its buttons, and Escape and Enter answer with no", async () => {
  expect(await answered((user) => user.click(page.getByTestId("flex-transfer-yes")))).toBe(true);
  expect(await answered((user) => user.click(page.getByText("Back")))).toBe(false);
  expect(await answered((user) => user.keyboard("{Escape}"))).toBe(false);
  expect(await answered((user) => user.keyboard("{Enter}"))).toBe(false); // the focus is on what changes nothing
});

test("a question that another one follows counts as answered with no", async () => {
  const panels = new Panels();
  const first = panels.ask({ title: "1", text: "", yes: "" });
  const second = panels.ask({ title: "2", text: "", yes: "" });
  panels.answer(true);
  expect(await Promise.all([first, second])).toEqual([false, true]);
});

test("a notification says its text, and offers to try again where that may help", () => {
  const retry = vi.fn();
  render(<NoticeContent notificationContext={{ text: "Twilio is busy.", retry }} />);
  fireEvent.click(page.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledTimes(1);
  cleanup();
  render(<NoticeContent notificationContext={{ text: "Handed over." }} />);
  expect(page.getByTestId("flex-transfer-notice").textContent?.trim()).toBe("Handed over.");
  expect(page.queryByRole("button")).toBeNull();
});

test("a part that fails is not shown, what is around it goes on, and another task gets another try", () => {
  const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
  const Fragile = guarded(function Fragile({ task: one }: { task?: { sid: string } }) {
    if (one?.sid === "WR1") throw new Error("ours");
    return <span>works</span>;
  } as React.ComponentType<any>);
  const { rerender } = render(<div>Flex <Fragile task={task()} /></div>);
  page.getByText("Flex");
  expect(page.queryByText("works")).toBeNull();
  expect(complaint.mock.calls.flat()).toContain("flex-transfer: a part of the screen has failed");
  rerender(<div>Flex <Fragile task={task({ sid: "WR2" })} /></div>);
  page.getByText("works");
});

test("a guard may show something instead", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const Broken = (): JSX.Element => { throw new Error("ours"); };
  render(<Guard instead={<b>Flex's own</b>}><Broken /></Guard>);
  page.getByText("Flex's own");
});

test("a button is as the rules say, and while its request is on its way it cannot be pressed again", () => {
  const press = vi.fn();
  const shown = (button: any, more: object = {}) => {
    render(<RuleButton button={button} onPress={press} testId="it" {...more}>Do</RuleButton>);
    const found = page.queryByTestId("it");
    if (found) fireEvent.click(found);
    const state = [found?.getAttribute("data-state"), found?.getAttribute("aria-busy"), found?.title];
    cleanup();
    return [...state, press.mock.calls.splice(0).length];
  };
  expect(shown({ state: "enabled", reason: "" })).toEqual(["enabled", null, "", 1]);
  expect(shown({ state: "enabled", reason: "" }, { waiting: true })).toEqual(["busy", "true", "", 0]);
  expect(shown({ state: "busy", reason: "" }, { hint: "Loading" })).toEqual(["busy", "true", "Loading", 0]);
  expect(shown({ state: "disabled", reason: "INVITE_UNDER_WAY" })).toEqual(["disabled", null, "An invite is on its way. Wait a moment.", 0]);
  expect(shown({ state: "hidden", reason: "" })[0]).toBeUndefined();
  expect(shown(null)[0]).toBeUndefined();
});
