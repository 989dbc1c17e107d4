// The sentences for how a transfer stands and how it ended.

import type { Screen, Target, TransferRecord } from "../../wasm/js/loader.js";
import { reason, span, t } from "./texts";

export type Progress = NonNullable<Screen["progress"]>;
type NameOf = (workerSid: string) => string;

/** How a transfer stands. */
export function progressText(progress: Progress, nameOf: NameOf): string {
  const { name, kind } = progress.target;
  if (progress.failure) return endText(progress);
  if (progress.phase === "completed") {
    const took = Date.parse(progress.ended ?? "") - Date.parse(progress.ringing ?? progress.since);
    return t("progress.completed", { name: nameOf(progress.acceptedBy) || name, span: span(took) });
  }
  if (progress.phase === "withdrawing") return progress.over === "INVITE_WITHDRAWN" ? t("progress.withdrawing") : outcomeText(progress.over, progress.target);
  if (progress.phase === "closing") return reason(progress.over);
  if (progress.phase === "searching") return t("progress.searching");
  if (progress.phase === "leaving" && progress.acceptedBy) return t("progress.leaving", { name: progress.from.name });
  const before = progress.tried.at(-1);
  if (before) return tryingText(before, name);
  if (progress.phase === "inviting") return t("progress.inviting", { name });
  return kind === "queue" ? t("progress.ringingQueue", { name }) : t("progress.ringingAgent", { name });
}

/** How a transfer came to nothing. */
export function endText({ failure, failureMessage, target }: { failure: string; failureMessage: string; target: Target }): string {
  return outcomeText(failure, target, failureMessage);
}

/** How a transfer went well. */
export function joinedText(transfer: TransferRecord, nameOf: NameOf): string {
  const name = nameOf(transfer.acceptedBy) || transfer.target.name;
  return transfer.mode === "warm" ? t("progress.joined", { name }) : t("task.leftTo", { name });
}

function outcomeText(outcome: string, { kind, name }: Target, message = ""): string {
  if (outcome === "INVITE_WITHDRAWN") return t("progress.canceled", { name });
  if (kind === "worker" && outcome === "TARGET_DECLINED") return t("progress.declined", { name });
  if (kind === "worker" && outcome === "INVITE_TIMED_OUT") return t("progress.timedOut", { name });
  if (kind === "worker" && outcome === "TARGET_WENT_OFF") return t("progress.wentOff", { name });
  return reason(outcome, message);
}

function tryingText({ target, outcome }: { target: Target; outcome: string }, name: string): string {
  const values = { tried: target.name, name };
  if (outcome === "TARGET_DECLINED") return t("progress.declinedTrying", values);
  if (outcome === "INVITE_TIMED_OUT") return t("progress.timedOutTrying", values);
  return outcome === "TARGET_WENT_OFF" ? t("progress.offlineTrying", values) : t("progress.failedTrying", values);
}

/** What else there is to know: the guard's choice, when the agent leaves, whose transfer it is. */
export function detailText(progress: Progress): string {
  const parts: string[] = [];
  if (progress.asked) parts.push(t("progress.guarded", { name: progress.target.name }));
  if (!progress.mine) parts.push(t("invites.by", { name: progress.from.name }));
  else if (!progress.ended && progress.leaveOn === "accept" && !progress.acceptedBy) parts.push(t("progress.leavesOnAccept", { name: progress.target.name }));
  return parts.join(" · ");
}
