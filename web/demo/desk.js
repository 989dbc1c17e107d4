// One agent's desk: who they are, what rings, the conversation they are in, and what the rules say about handing it over.

import { hasBriefing, reasonLabel } from "./briefing.js";
import { Canvas } from "./canvas.js";
import { h, set, text, each } from "./dom.js";
import { initials, firstName } from "./format.js";
import { notifications } from "./notifications.js";
import { endText, handoverText, outcomeText } from "./progress.js";
import { queuesOf } from "./queues.js";
import { attributesOf } from "./store.js";
import { stage } from "./stage.js";
import { taskList } from "./tasks.js";
import { reason, t } from "./words.js";

const SHOW_LEFT_MS = 60_000;
const STATUS = { pending: "incoming", accepted: "open", wrapping: "wrapping" };

export class Desk {
  #store;
  #dismissed = new Set();
  #told = new Set();
  #seen = new Map(); // how many messages of a reservation's conversation have been on the screen
  #selected = null;

  constructor({ agent, store }) {
    this.agent = agent;
    this.#store = store;
    this.notices = notifications();
    const attempt = (promise) => this.#attempt(promise);
    this.head = deskHead(agent, store, attempt);
    this.tasks = taskList({
      label: t("desk.tasks", { name: agent.name }),
      select: (entry) => this.#select(entry),
      accept: async (entry) => (await attempt(stage.reservation(entry.reservation.sid, "accept"))) && this.#select(entry),
      reject: (entry) => attempt(stage.reservation(entry.reservation.sid, "reject")),
    });
    this.canvas = new Canvas({ agent, store, desk: { notices: this.notices, attempt, dismiss: (entry) => this.#dismiss(entry) } });
    this.node = h("section", { class: "desk", "aria-label": t("desk.label", { name: agent.name }) },
      this.head.node, h("div", { class: "desk-body" }, this.tasks.node, this.canvas.node), this.notices.node);
  }

  /** Shows how things stand; returns the entries of the list. */
  update() {
    const worker = this.agent.worker;
    if (!worker) return [];
    this.head.update(worker);
    const entries = deskEntries(this.agent, this.#store, this.#dismissed);
    if (!entries.some((entry) => entry.reservation.sid === this.#selected)) this.#selected = preferred(entries)?.reservation.sid ?? null;
    const shown = entries.find((entry) => entry.reservation.sid === this.#selected) ?? null;
    this.#countUnread(entries, shown);
    this.tasks.update(entries, this.#selected);
    this.canvas.update(shown, worker);
    this.#announceEnds(entries);
    this.#announceDepartures();
    this.#announceNotices(entries);
    return entries;
  }

  /** Forgets what belonged to an account that has been reset. */
  reset() {
    this.#dismissed.clear();
    this.#seen.clear();
    this.#selected = null;
    this.notices.clear();
    this.canvas.reset();
    this.agent.forget();
  }

  #select(entry) {
    this.#selected = entry.reservation.sid;
    this.update();
  }

  #dismiss(entry) {
    this.#dismissed.add(entry.reservation.sid);
    this.update();
  }

  /** Waits for something that a person did; says what went wrong if it did. Returns whether it worked. */
  async #attempt(promise) {
    try {
      await promise;
      return true;
    } catch (error) {
      this.notices.show({ kind: "error", text: reason(error.code, error.message) });
      return false;
    }
  }

  #countUnread(entries, shown) {
    if (shown) this.#seen.set(this.#selected, shown.messages.length);
    for (const entry of entries) entry.unread = entry.status === "open" ? entry.messages.length - (this.#seen.get(entry.reservation.sid) ?? 0) : 0;
  }

  /** Says once when a transfer of this agent came to nothing; one that was canceled is told in the conversation alone. */
  #announceEnds(entries) {
    for (const { screen } of entries) {
      const progress = screen?.progress;
      if (!progress?.mine || !progress.failure || !this.#isNews(progress.transferId, progress.ended)) continue;
      if (progress.failure !== "INVITE_WITHDRAWN") this.notices.show({ kind: "error", text: endText(progress) });
    }
  }

  /** Says once who has left a conversation of this agent, who has removed them, and what could not be done. */
  #announceDepartures() {
    for (const departure of this.agent.departures()) {
      const { id, kind, phase, agent, requestedBy, endedAt } = departure;
      if (phase === "leaving" || !this.#isNews(id, endedAt)) continue;
      const mine = requestedBy === this.agent.workerSid;
      if (phase === "failed") mine && this.notices.show({ kind: "error", text: reason(departure.failure, departure.failureMessage) });
      else if (agent.workerSid === this.agent.workerSid) !mine && this.notices.show({ kind: "info", text: t("notice.removed", { name: this.#store.workerName(requestedBy) }) });
      else if (kind !== "end") this.notices.show({ kind: "info", text: t("notice.left", { name: agent.name }) });
    }
  }

  /** Whether it is the first time that this is asked, and what it is about ended lately: not before the page was opened. */
  #isNews(id, endedAt) {
    if (this.#told.has(id)) return false;
    this.#told.add(id);
    return Date.now() - Date.parse(endedAt) < SHOW_LEFT_MS;
  }

  /** Says that the settings have changed. */
  reconfigured() {
    this.notices.show({ kind: "info", text: t("notice.settings") });
  }

  /** Says once what the rules want said, such as that the feature stands aside for Twilio's own transfers. */
  #announceNotices(entries) {
    for (const { screen } of entries) {
      if (!screen?.notice || this.#told.has(screen.notice)) continue;
      this.#told.add(screen.notice);
      this.notices.show({ kind: "info", text: reason(screen.notice) });
    }
  }
}

function deskHead(agent, store, attempt) {
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  const name = h("h3", { class: "desk-name" });
  const queues = h("ul", { class: "chips", "aria-label": t("desk.queues") });
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const select = h("select", { class: "select", "aria-label": t("desk.activity", { name: agent.name }), onchange: change });
  const node = h("header", { class: "desk-head" }, face, h("div", { class: "desk-who" }, name, queues), h("span", { class: "activity" }, dot, select));

  async function change() {
    await attempt(stage.setActivity(agent.workerSid, select.value));
    update(agent.worker);
  }

  function update(worker) {
    text(face, initials(agent.name));
    text(name, agent.name);
    const known = queuesOf(attributesOf(worker), store.all("queue"));
    each(queues, known, (queue) => queue, (queue) => ({ node: h("li", { class: "chip" }, queue) }));
    each(select, store.all("activity"), (activity) => activity.sid, (activity) => ({ node: h("option", { value: activity.sid }, activity.friendly_name) }));
    if (document.activeElement !== select || select.value !== worker.activity_sid) set(select, { value: worker.activity_sid });
    set(dot, { class: `dot dot-${dotOf(worker)}` });
  }
  return { node, update };
}

function dotOf(worker) {
  if (worker.available) return "available";
  return worker.activity_name === "Offline" ? "offline" : "unavailable";
}

/** What the desk lists: what rings, is open or wraps up, and for a while what was handed over. */
function deskEntries(agent, store, dismissed) {
  const entries = agent.reservations().flatMap((reservation) => {
    const task = store.taskOf(reservation);
    if (!task || dismissed.has(reservation.sid)) return [];
    const status = STATUS[reservation.reservation_status];
    const screen = agent.screen(task);
    if (!status && !recentlyLeft(reservation, task, screen)) return [];
    return [entryOf({ agent, store, reservation, task, screen, status: status ?? "left" })];
  });
  // A conversation that has come back stands for itself.
  return entries.filter((entry) => entry.status !== "left" || !entries.some((one) => one.status !== "left" && one.channel && one.channel === entry.channel));
}

function recentlyLeft(reservation, task, screen) {
  const progress = screen?.progress;
  if (!progress?.mine || progress.from.taskSid !== task.sid || reservation.reservation_status !== "completed") return false;
  return !progress.ended || Date.now() - Date.parse(progress.ended) < SHOW_LEFT_MS;
}

function entryOf({ agent, store, reservation, task, screen, status }) {
  const attributes = attributesOf(task);
  const channel = store.channelOf(task);
  const messages = channel ? store.messages(channel.conversation_sid) : [];
  return {
    reservation, task, screen, status, channel, messages,
    customer: customerName(store, channel, attributes),
    channelType: channel?.type ?? "web",
    preview: status === "left" ? "" : messages.at(-1)?.body ?? "",
    note: noteOf({ agent, store, task, screen, status, attributes }),
    told: status === "incoming" ? toldOf(screen?.briefing, agent.settings) : "",
  };
}

/** Who hands over, for what rings because of a transfer; how it went, for what was handed over. */
function noteOf({ agent, store, task, screen, status, attributes }) {
  if (status === "left") return handoverText(screen.progress, (sid) => store.workerName(sid));
  if (status !== "incoming") return "";
  const progress = screen?.progress;
  const from = progress && !progress.ended && progress.from.taskSid !== task.sid ? progress.from.name : store.workerName(attributes.transferPlan?.fromWorkerSid);
  const before = progress?.tried?.at(-1);
  if (from === agent.name && before) return t("task.comesBack", { why: outcomeText(before.outcome, before.target) });
  if (!from || from === agent.name) return "";
  const name = firstName(from);
  return attributes.transferPlan?.mode === "warm" ? t("task.invitesYou", { name }) : t("task.handsOver", { name });
}

/** What rings with a handover is told on its card: the reason and the notes. */
function toldOf(briefing, settings) {
  if (!hasBriefing(briefing)) return "";
  return [briefing.rescued && t("briefing.rescued"), reasonLabel(briefing.reason, settings), briefing.notes].filter(Boolean).join(" · ");
}

function customerName(store, channel, attributes) {
  return attributes.customerName || attributes.name || attributes.from || (channel && store.customerOf(channel.sid)?.media_properties?.identity) || t("chat.customer");
}

/** Where nothing is chosen: what is open, else what rings. */
function preferred(entries) {
  return entries.find((entry) => entry.status === "open") ?? entries.find((entry) => entry.status === "incoming") ?? entries[0];
}
