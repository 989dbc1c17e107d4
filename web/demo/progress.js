// How a transfer stands, as the rules report it: ringing whom and for how long, and how it ended. The seconds that pass
// are shown but not spoken.

import { h, set, text } from "./dom.js";
import { span } from "./format.js";
import { icon } from "./icons.js";
import { reason, t } from "./words.js";

const TICK_MS = 1000;

/** The sentence for a transfer's progress. nameOf(workerSid) gives names. */
export function progressText(progress, nameOf) {
  const name = progress.target.name;
  if (progress.failure) return reason(progress.failure, progress.failureMessage);
  if (progress.phase === "completed") {
    const who = nameOf(progress.acceptedBy) || name;
    return t("progress.completed", { name: who, span: span(Date.parse(progress.ended) - Date.parse(progress.since)) });
  }
  if (progress.phase === "inviting") return t("progress.inviting", { name });
  if (progress.phase === "searching") return t("progress.searching");
  return progress.target.kind === "queue" ? t("progress.ringingQueue", { name }) : t("progress.ringingAgent", { name });
}

/** The headline of a transfer that this agent has left by. */
export function handoverText(progress, nameOf) {
  const name = (progress.acceptedBy && nameOf(progress.acceptedBy)) || progress.target.name;
  if (!progress.ended) return t("task.leaving", { name });
  return progress.failure ? t("task.leftInVain", { name }) : t("task.leftTo", { name });
}

/** The strip. update(progress or null, nameOf) shows it. */
export function progressStrip() {
  const words = h("span", { class: "progress-text" });
  const passed = h("span", { class: "progress-passed", "aria-hidden": "true" });
  const mark = h("span", { class: "progress-mark", "aria-hidden": "true" });
  const inner = h("div", { class: "progress", hidden: true }, mark, words, passed);
  const node = h("div", { role: "status", class: "progress-region" }, inner);
  let timer = null;
  let kind = "";
  let since = 0;

  function update(progress, nameOf) {
    inner.hidden = !progress;
    const open = Boolean(progress) && !progress.ended;
    tick(open ? Date.parse(progress.since) : 0);
    if (!progress) return text(words, "");
    const next = open ? "open" : progress.failure ? "failed" : "done";
    set(inner, { class: `progress progress-${next}`, "data-phase": progress.phase });
    if (next !== kind) mark.replaceChildren(open ? h("span", { class: "spinner" }) : icon(next === "done" ? "check" : "warning"));
    kind = next;
    text(words, progressText(progress, nameOf));
  }

  function tick(start) {
    since = start;
    if (start && !timer) timer = setInterval(show, TICK_MS);
    if (!start && timer) {
      clearInterval(timer);
      timer = null;
    }
    show();
  }

  function show() {
    const ms = Date.now() - since;
    text(passed, since && ms >= TICK_MS ? span(ms) : "");
  }
  return { node, update, gone: () => clearInterval(timer) };
}
