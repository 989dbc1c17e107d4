// Flex's actions: ours, under the names of Twilio's project template so that other plugins can listen before and after,
// and the native ones that we answer for conversations. Everything else goes to the original.

import * as Flex from "@twilio/flex-ui";
import type { ITask } from "@twilio/flex-ui";
import type { Button, LeaveOn, Mode } from "../../wasm/js/loader.js";
import type { Desk, Outcome } from "./desk";
import { show } from "./notices";
import type { Panels } from "./panels";
import { channelOf } from "./records";
import { isNative } from "./settings";
import { listOf, reason, t } from "./texts";

/** What ChatTransferTask takes. mode may be COLD or WARM as in the template; a target's kind is told by its SID. */
export interface TransferPayload {
  task?: ITask;
  sid?: string;
  targetSid: string;
  options?: { mode?: string; leaveOn?: LeaveOn; reason?: string; notes?: string; key?: string };
}

/** Registers and replaces the actions. */
export function registerActions(desk: Desk, panels: Panels): void {
  const deeds = new Deeds(desk, panels);
  const { Actions } = Flex;
  Actions.registerAction("ChatTransferTask", (payload: TransferPayload) => deeds.transfer(payload));
  Actions.registerAction("LeaveChat", (payload) => deeds.leave(payload));
  Actions.registerAction("RemoveChatParticipant", (payload) => deeds.remove(payload));
  Actions.registerAction("CancelChatParticipantInvite", (payload) => deeds.cancel(payload));
  Actions.registerAction("ShowChatDirectory", (payload) => deeds.directory(payload));

  Actions.replaceAction("TransferTask", async (payload, original) => {
    if (!(await deeds.isOurs(payload))) return original(payload);
    return isNative(desk.settings) ? deeds.ask(payload) : Actions.invokeAction("ChatTransferTask", { ...payload, task: deeds.taskOf(payload) });
  });
  Actions.replaceAction("ShowDirectory", async (payload, original) => {
    if (!(await deeds.isOurs(payload)) || isNative(desk.settings)) return original(payload);
    return Actions.invokeAction("ShowChatDirectory", { ...payload, task: deeds.taskOf(payload) });
  });
  Actions.replaceAction("WrapupTask", (payload, original) => deeds.wrapUp(payload, original));
  Actions.replaceAction("CompleteTask", async (payload, original) => ((await deeds.isHeldBack(payload)) ? undefined : original(payload)));
}

/** conversation is how the template's actions name a task: Flex's state of it. */
type Payload = { task?: ITask; sid?: string; conversation?: { source?: { sid?: string } } };

/** How long End waits for rules that are still loading: an agent who ends must not be kept. */
const PATIENCE_MS = 3000;

class Deeds {
  constructor(private readonly desk: Desk, private readonly panels: Panels) {}

  /** The task that a payload is about; the one that is selected, where it names none. */
  taskOf({ task, sid, conversation }: Payload = {}): ITask | undefined {
    const conversationSid = conversation?.source?.sid;
    if (!task && !sid && conversationSid) return this.desk.store.tasks.find((one) => one.attributes?.conversationSid === conversationSid);
    return task ?? this.desk.store.byReservation(sid ?? this.desk.store.flex.view?.selectedTaskSid);
  }

  /** Whether we answer for the payload's task: a conversation, with the rules there and nothing of Twilio's in our way. */
  async isOurs(payload: Payload): Promise<boolean> {
    const task = this.taskOf(payload);
    if (!task || !channelOf(task) || !isMessaging(task)) return false;
    await this.desk.settled;
    const screen = this.desk.screen(task);
    return screen !== null && !screen.notice;
  }

  async transfer(payload: TransferPayload): Promise<void> {
    const task = this.taskOf(payload);
    if (!task || !payload.targetSid) return;
    const { key, ...more } = payload.options ?? {};
    const choice = {
      target: targetOf(payload.targetSid),
      mode: modeOf(payload),
      ...(more.leaveOn && { leaveOn: more.leaveOn }), ...(more.reason && { reason: more.reason }), ...(more.notes && { notes: more.notes }),
    };
    const outcome = await this.desk.transfer(task, choice, key);
    this.#complain(outcome, () => Flex.Actions.invokeAction("ChatTransferTask", { ...payload, options: { ...payload.options, key: outcome?.key } }));
  }

  /** Flex's own directory tells nothing but the target: what is said with a transfer is asked for before it. */
  async ask(payload: TransferPayload): Promise<void> {
    const task = this.taskOf(payload);
    const { sid, kind } = targetOf(payload.targetSid);
    if (task) this.panels.open(task, { target: { sid, kind, name: this.desk.directory.nameOf(sid) || sid }, mode: modeOf(payload) });
  }

  /** Asks, and leaves. */
  async leave(payload: Payload & { confirmed?: boolean }): Promise<void> {
    const task = this.taskOf(payload);
    if (!task) return;
    const yes = payload.confirmed || (await this.panels.ask(this.#leaveQuestion(task)));
    if (yes) this.#complain(await this.desk.depart(task, "leave"), () => this.leave({ ...payload, confirmed: true }));
  }

  async remove(payload: Payload & { participantSid?: string; interactionParticipantSid?: string; name?: string; confirmed?: boolean }): Promise<void> {
    const task = this.taskOf(payload);
    const sid = payload.participantSid ?? payload.interactionParticipantSid;
    if (!task || !sid) return;
    const name = payload.name ?? "";
    const yes = payload.confirmed || (await this.panels.ask({ title: t("people.removeTitle", { name }), text: t("people.removeText", { name }), yes: t("people.remove") }));
    if (yes) this.#complain(await this.desk.depart(task, "remove", sid), () => this.remove({ ...payload, confirmed: true }));
  }

  /** Of a transfer by its ID, or as the template has it by the SID of the invite's task. */
  async cancel(payload: Payload & { transferId?: string; invitesTaskSid?: string }): Promise<void> {
    const task = this.taskOf(payload);
    const id = payload.transferId ?? this.desk.transfers.find((one) => payload.invitesTaskSid && one.invite.taskSid === payload.invitesTaskSid)?.id;
    if (task && id) this.#complain(await this.desk.cancel(task, id), () => this.cancel(payload));
  }

  async directory(payload: Payload): Promise<void> {
    const task = this.taskOf(payload);
    if (task) this.panels.open(task);
  }

  /**
   * Flex's End, for conversations as the rules have it: held back, Leave in its place, or Flex's own, which ends the
   * conversation and lets the agent wrap up.
   */
  async wrapUp(payload: Payload, original: (payload: unknown) => Promise<unknown>): Promise<unknown> {
    if (await this.isHeldBack(payload)) return undefined;
    const task = this.taskOf(payload);
    const exit = task && this.#exitOf(task);
    return exit?.kind === "leave" && exit.state === "enabled" ? Flex.Actions.invokeAction("LeaveChat", { task }) : original(payload);
  }

  #exitOf(task: ITask): (Button & { kind: string }) | undefined {
    return task.status === "accepted" && isMessaging(task) ? this.desk.screen(task)?.exit : undefined;
  }

  /** Whether the way out is closed for now; then it says why. */
  async isHeldBack(payload: Payload): Promise<boolean> {
    const task = this.taskOf(payload);
    if (!task || !channelOf(task) || !isMessaging(task)) return false;
    await Promise.race([this.desk.settled, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    const exit = this.#exitOf(task);
    if (exit?.state !== "disabled" && exit?.state !== "busy") return false;
    show({ kind: "info", text: reason(exit.reason) });
    return true;
  }

  #leaveQuestion(task: ITask): { title: string; text: string; yes: string } {
    const screen = this.desk.screen(task);
    const others = (screen?.participants ?? []).filter((one) => one.type === "agent" && !one.me && !one.leaving).map((one) => one.name);
    const asked = (screen?.invites ?? []).map((one) => one.target.name);
    const text = others.length ? t("exit.leaveText", { names: listOf(others) }) : t("exit.leaveInvited", { names: listOf(asked) });
    return { title: t("exit.leaveTitle"), text, yes: t("desk.leave") };
  }

  #complain(outcome: Outcome | null, retry: () => unknown): void {
    if (!outcome || outcome.ok) return;
    show({ kind: "error", text: reason(outcome.body.code, outcome.body.message), ...(outcome.uncertain && { retry: () => void retry() }) });
  }
}

/** A target by its SID, which tells its kind. */
function targetOf(sid: string): { kind: "worker" | "queue"; sid: string } {
  return { kind: sid.startsWith("WQ") ? "queue" : "worker", sid };
}

/** COLD or WARM as in the template; cold where it does not say. */
function modeOf({ options }: TransferPayload): Mode {
  return options?.mode?.toLowerCase() === "warm" ? "warm" : "cold";
}

/** Whether a task is a conversation of messages, as Flex has it: calls are none, also those of an interaction. */
export function isMessaging(task: ITask): boolean {
  return Flex.TaskHelper.isCBMTask(task) && !Flex.TaskHelper.isCallTask(task) && task.taskChannelUniqueName !== "voice";
}
