// How a transfer stands, as the rules report it: ringing whom and for how long, whom else before, and how it ended. The
// seconds that pass are shown but not spoken.

import { h, set, text } from "./dom.js";
import { span } from "./format.js";
import { icon } from "./icons.js";
import { ruleButton } from "./rulebutton.js";
import { ticker } from "./ticker.js";
import { reason, t } from "./words.js";

const SHOW_TIME_MS = 1000;
const ICONS = { done: "check", failed: "warning", canceled: "info" };

/** The sentence for a transfer's progress. nameOf(workerSid) gives names. */
export function progressText(progress, nameOf) {
  const name = progress.target.name;
  if (progress.failure) return endText(progress);
  if (progress.phase === "completed") {
    const who = nameOf(progress.acceptedBy) || name;
    return t("progress.completed", { name: who, span: span(Date.parse(progress.ended) - Date.parse(progress.ringing ?? progress.since)) });
  }
  if (progress.phase === "withdrawing") return progress.over === "INVITE_WITHDRAWN" ? t("progress.withdrawing") : outcomeText(progress.over, progress.target);
  if (progress.phase === "closing") return reason(progress.over, "");
  if (progress.phase === "searching") return t("progress.searching");
  if (progress.phase === "leaving" && progress.acceptedBy) return t("progress.leaving", { name: progress.from.name });
  const before = progress.tried?.at(-1);
  if (before) return tryingText(before, name);
  if (progress.phase === "inviting") return t("progress.inviting", { name });
  return progress.target.kind === "queue" ? t("progress.ringingQueue", { name }) : t("progress.ringingAgent", { name });
}

/** How a transfer came to nothing, with whose doing it was where that is known. */
export function endText(progress) {
  return outcomeText(progress.failure, progress.target, progress.failureMessage);
}

/** The same for one target. */
export function outcomeText(outcome, target, message = "") {
  const name = target.name;
  if (outcome === "INVITE_WITHDRAWN") return t("progress.canceled", { name });
  if (target.kind === "worker") {
    if (outcome === "TARGET_DECLINED") return t("progress.declined", { name });
    if (outcome === "INVITE_TIMED_OUT") return t("progress.timedOut", { name });
    if (outcome === "TARGET_WENT_OFF") return t("progress.wentOff", { name });
  }
  return reason(outcome, message);
}

function tryingText({ target, outcome }, name) {
  const values = { tried: target.name, name };
  if (outcome === "TARGET_DECLINED") return t("progress.declinedTrying", values);
  if (outcome === "INVITE_TIMED_OUT") return t("progress.timedOutTrying", values);
  return outcome === "TARGET_WENT_OFF" ? t("progress.offlineTrying", values) : t("progress.failedTrying", values);
}

/** What else there is to know: the guard's choice, when the agent leaves, whose transfer it is. */
function detailText(progress) {
  const parts = [];
  if (progress.asked) parts.push(t("progress.guarded", { name: progress.target.name }));
  if (!progress.mine) parts.push(t("invites.by", { name: progress.from.name }));
  else if (!progress.ended && progress.leaveOn === "accept" && !progress.acceptedBy) parts.push(t("progress.leavesOnAccept", { name: progress.target.name }));
  return parts.join(" · ");
}

/** The headline of a transfer that this agent has left by. */
export function handoverText(progress, nameOf) {
  const name = (progress.acceptedBy && nameOf(progress.acceptedBy)) || progress.target.name;
  if (!progress.ended) return t("task.leaving", { name });
  return progress.failure ? t("task.leftInVain", { name }) : t("task.leftTo", { name });
}

function endOf({ failure }) {
  if (!failure) return "done";
  return failure === "INVITE_WITHDRAWN" ? "canceled" : "failed"; // canceled on purpose is nothing to worry about
}

/** The strip. update(progress or null, nameOf, waiting) shows it; cancel(progress) is called for its button. */
export function progressStrip({ cancel }) {
  let current = null;
  const words = h("span", { class: "progress-text" });
  const detail = h("span", { class: "progress-detail" });
  const passed = h("span", { class: "progress-passed", "aria-hidden": "true" });
  const mark = h("span", { class: "progress-mark", "aria-hidden": "true" });
  const button = ruleButton({ look: "button-secondary", press: () => cancel(current) });
  const inner = h("div", { class: "progress", hidden: true }, mark, h("div", { class: "progress-words" }, words, detail), passed, button.node);
  const node = h("div", { class: "progress-region", role: "status", "aria-atomic": "false" }, inner);
  const clock = ticker(() => {
    const ms = current && !current.ended ? Date.now() - Date.parse(current.ringing ?? current.since) : 0;
    text(passed, ms >= SHOW_TIME_MS ? span(ms) : "");
  });
  let kind = "";

  function update(progress, nameOf, waiting = false) {
    current = progress;
    inner.hidden = !progress;
    const open = Boolean(progress) && !progress.ended;
    clock.run(open);
    if (!progress) return [words, detail].forEach((part) => text(part, ""));
    const next = open ? "open" : endOf(progress);
    set(inner, { class: `progress progress-${next}`, "data-phase": progress.phase });
    if (next !== kind) mark.replaceChildren(open ? h("span", { class: "spinner" }) : icon(ICONS[next]));
    kind = next;
    text(words, progressText(progress, nameOf));
    text(detail, detailText(progress));
    const offered = open && ["enabled", "busy"].includes(progress.cancel?.state);
    button.update(offered ? progress.cancel : null, { words: t("invites.cancel"), label: t("progress.cancel"), waiting });
  }
  return { node, update };
}
