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
  const node = h("aside", { class: "guide", "aria-label": t("guide.label") }, done, list, close);
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
    const cold = coldSteps(story);
    const first = cold.some((step) => !step.done);
    const steps = first ? cold : warmSteps(story);
    const next = steps.findIndex((step) => !step.done);
    each(list, next < 0 ? [] : steps.map((step, i) => ({ ...step, number: i + 1, current: i === next })), (step) => step.key, stepView);
    text(done, first ? "" : next < 0 ? t("guide.done") : t("guide.coldDone"));
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

/** A chat is handed over … */
function coldSteps(story) {
  return [
    { key: "write", words: t("guide.write"), done: story.written },
    { key: "accept", words: t("guide.accept", { name: firstName(story.first) }), done: story.accepted },
    { key: "transfer", words: t("guide.transfer", { name: firstName(story.second) }), done: story.transferred },
    { key: "join", words: t("guide.join", { name: firstName(story.second) }), done: story.joined },
  ];
}

/** … and then a colleague is brought in, and the other leaves. */
function warmSteps({ warm }) {
  return [
    { key: "invite", words: t("guide.invite", { name: firstName(warm.second) }), done: warm.invited },
    { key: "joinWarm", words: t("guide.join", { name: firstName(warm.second) }), done: warm.joined },
    { key: "leave", words: t("guide.leave", { name: firstName(warm.first) }), done: warm.left },
  ];
}

/** How far the story has come, and who plays it. */
function storyOf(store, agents) {
  const reservations = store.all("reservation").filter((one) => agents.some((agent) => agent.workerSid === one.worker_sid));
  const handed = (one) => Boolean(planOf(store.taskOf(one)));
  const openings = reservations.filter((one) => !handed(one));
  const opening = openings.findLast((one) => ["pending", "accepted"].includes(one.reservation_status)) ?? openings.find(accepted) ?? openings.at(-1);
  const handover = store.all("task").find((task) => planOf(task)?.mode === "cold");
  const taker = takerOf(handover, store, reservations);
  const first = opening?.worker_sid ?? agents[0]?.workerSid;
  const second = taker ?? agents.find((agent) => agent.workerSid !== first)?.workerSid;
  return {
    written: store.all("conversation").length > 0,
    accepted: Boolean(opening && accepted(opening)),
    transferred: Boolean(handover),
    joined: Boolean(handover) && reservations.some((one) => one.task_sid === handover.sid && accepted(one)),
    first: store.workerName(first),
    second: store.workerName(second),
    warm: warmStory(store, reservations, agents, second),
  };
}

/** The second story: whoever has the conversation brings somebody else in, and leaves once they are there. */
function warmStory(store, reservations, agents, holder) {
  const invite = store.all("task").findLast((task) => planOf(task)?.mode === "warm");
  const first = planOf(invite)?.fromWorkerSid ?? holder;
  const second = takerOf(invite, store, reservations) ?? agents.findLast((agent) => agent.workerSid !== first)?.workerSid;
  const joined = Boolean(invite) && reservations.some((one) => one.task_sid === invite.sid && accepted(one));
  const stays = store.all("interaction_participant").some((one) => one.sid === planOf(invite)?.fromParticipantSid);
  return { first: store.workerName(first), second: store.workerName(second), invited: Boolean(invite), joined, left: joined && !stays };
}

function accepted(reservation) {
  return ["accepted", "wrapping", "completed"].includes(reservation.reservation_status);
}

function planOf(task) {
  return attributesOf(task).transferPlan;
}

/** Who is asked, or has taken it. */
function takerOf(task, store, reservations) {
  const sid = task && (reservations.findLast((one) => one.task_sid === task.sid)?.worker_sid ?? attributesOf(task).transferTargetSid);
  return sid && store.get("worker", sid) ? sid : undefined;
}

function remembered() {
  try {
    return localStorage.getItem(DISMISSED) === "1";
  } catch {
    return false;
  }
}
