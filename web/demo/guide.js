// The line that guides a first visitor through the story: each step checks off as it happens.

import { each, h, set, text } from "./dom.js";
import { firstName } from "./format.js";
import { icon } from "./icons.js";
import { attributesOf } from "./store.js";
import { t } from "./words.js";

const DISMISSED = "flex-transfer.guide.dismissed";

/** Makes the line. update() checks what has happened. agents are those of the desks. */
export function guide({ store, agents }) {
  const list = h("ol", { class: "guide-steps" });
  const done = h("p", { class: "guide-done", role: "status" });
  const close = h("button", { class: "button button-quiet button-icon button-small", type: "button", "aria-label": t("guide.dismiss"), onclick: dismiss }, icon("close"));
  const node = h("aside", { class: "guide", "aria-label": t("guide.label") }, list, done, close);
  node.hidden = remembered();

  function dismiss() {
    node.hidden = true;
    try {
      localStorage.setItem(DISMISSED, "1");
    } catch {
      // without storage it comes back with the next visit
    }
  }

  function update() {
    if (node.hidden) return;
    const story = storyOf(store, agents());
    const steps = [
      { key: "write", words: t("guide.write"), done: story.written },
      { key: "accept", words: t("guide.accept", { name: firstName(story.first) }), done: story.accepted },
      { key: "transfer", words: t("guide.transfer", { name: firstName(story.second) }), done: story.transferred },
      { key: "join", words: t("guide.join", { name: firstName(story.second) }), done: story.joined },
    ];
    const next = steps.findIndex((step) => !step.done);
    each(list, steps.map((step, i) => ({ ...step, number: i + 1, current: i === next })), (step) => step.key, stepView);
    text(done, next < 0 ? t("guide.done") : "");
    node.classList.toggle("is-done", next < 0);
  }
  return { node, update };
}

function stepView() {
  const mark = h("span", { class: "guide-mark", "aria-hidden": "true" });
  const words = h("span");
  const state = h("span", { class: "visually-hidden" });
  const node = h("li", {}, mark, words, state);
  let shown = null;
  function update(step) {
    set(node, { class: `guide-step${step.done ? " is-done" : ""}${step.current ? " is-current" : ""}`, "aria-current": step.current ? "step" : null });
    text(words, step.words);
    text(state, step.done ? t("guide.stepDone") : "");
    if (shown !== step.done) mark.replaceChildren(step.done ? icon("check") : String(step.number));
    shown = step.done;
  }
  return { node, update };
}

/** How far the story has come, and who plays it. */
function storyOf(store, agents) {
  const reservations = store.all("reservation").filter((one) => agents.some((agent) => agent.workerSid === one.worker_sid));
  const accepted = (one) => ["accepted", "wrapping", "completed"].includes(one.reservation_status);
  const handed = (one) => Boolean(attributesOf(store.taskOf(one)).transferPlan);
  const openings = reservations.filter((one) => !handed(one));
  const opening = openings.findLast((one) => ["pending", "accepted"].includes(one.reservation_status)) ?? openings.find(accepted) ?? openings.at(-1);
  const handover = store.all("task").find((task) => attributesOf(task).transferPlan);
  const taker = handover && (reservations.findLast((one) => one.task_sid === handover.sid)?.worker_sid ?? attributesOf(handover).transferTargetSid);
  const first = opening?.worker_sid ?? agents[0]?.workerSid;
  const second = taker && store.get("worker", taker) ? taker : agents.find((agent) => agent.workerSid !== first)?.workerSid;
  return {
    written: store.all("conversation").length > 0,
    accepted: Boolean(opening && accepted(opening)),
    transferred: Boolean(handover),
    joined: reservations.some((one) => handed(one) && accepted(one)),
    first: store.workerName(first),
    second: store.workerName(second),
  };
}

function remembered() {
  try {
    return localStorage.getItem(DISMISSED) === "1";
  } catch {
    return false;
  }
}
