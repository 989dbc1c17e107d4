// What the agent who handed a conversation over says to the one who takes it: the reason, the notes, a summary. It is
// shown to agents alone, with what rings and at the top of the chat.

import { h, set, text, uid } from "./dom.js";
import { icon } from "./icons.js";
import { attributesOf } from "./store.js";
import { label, reason, t } from "./words.js";

/** Who handed over or invited, in a sentence. */
export function briefingTitle(briefing, task) {
  if (!briefing?.from) return t("briefing.label");
  const invited = attributesOf(task).transferPlan?.mode === "warm";
  return invited ? t("briefing.invitedBy", { name: briefing.from }) : t("briefing.from", { name: briefing.from });
}

/** The label of a reason by its code, as far as the settings still have it. */
export function reasonLabel(code, settings) {
  const option = settings?.handover?.reasons?.find((one) => one.code === code);
  return option ? label(option) : code ?? "";
}

/** Whether there is anything to be told. */
export function hasBriefing(briefing) {
  return Boolean(briefing && (briefing.rescued || briefing.reason || briefing.notes || briefing.digest || briefing.pending));
}

/** The part at the top of the chat. update(briefing or null, task, settings) shows it. */
export function briefingView() {
  const body = h("div", { class: "briefing-body", id: uid("briefing") });
  const title = h("span", { class: "briefing-title" });
  const fold = h("button", { class: "briefing-fold", type: "button", "aria-controls": body.id, onclick: () => open(body.hidden) }, icon("note"), title, icon("chevron"));
  const rescued = h("p", { class: "briefing-reason" }, t("briefing.rescued"));
  const why = h("p", { class: "briefing-reason" });
  const notes = h("p", { class: "briefing-notes" });
  const digest = digestView();
  const only = h("p", { class: "briefing-only" }, t("briefing.private"));
  body.append(rescued, why, notes, digest.node, only);
  const node = h("section", { class: "briefing", hidden: true, "aria-label": t("briefing.label") }, fold, body);
  let of = "";

  function open(on) {
    body.hidden = !on;
    set(fold, { "aria-expanded": on ? "true" : "false", title: on ? t("briefing.hide") : t("briefing.show") });
  }

  function update(briefing, task, settings) {
    node.hidden = !hasBriefing(briefing);
    if (node.hidden) return;
    if (of !== task.sid) open(true);
    of = task.sid;
    text(title, briefingTitle(briefing, task));
    rescued.hidden = !briefing.rescued;
    why.hidden = !briefing.reason;
    text(why, reasonLabel(briefing.reason, settings));
    notes.hidden = !briefing.notes;
    text(notes, briefing.notes ?? "");
    digest.update(briefing);
  }
  return { node, update };
}

/** The summary: its text, where it comes from, or that it is on its way or could not be made. */
function digestView() {
  const words = h("p", { class: "briefing-digest" });
  const state = h("p", { class: "briefing-source" });
  const node = h("div", { class: "briefing-part", role: "status" }, h("h5", { class: "briefing-heading" }, t("briefing.digest")), words, state);
  function update({ digest, pending }) {
    node.hidden = !digest && !pending;
    words.hidden = !digest?.text;
    text(words, digest?.text ?? "");
    text(state, digest ? sourceOf(digest) : t("briefing.pending"));
  }
  return { node, update };
}

function sourceOf(digest) {
  if (digest.failure) return reason(digest.failure, digest.failureMessage);
  return digest.service ? t("briefing.byService") : t("briefing.byMessages");
}
