// The conversation that is chosen on a desk: who is in it, the transfer button, how a transfer stands, the history and
// the box to reply in.

import { composer, messageLog } from "./conversation.js";
import { directory } from "./directory.js";
import { h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { handoverText, progressStrip } from "./progress.js";
import { stage } from "./stage.js";
import { identityOf } from "./store.js";
import { transferButton } from "./transferbutton.js";
import { reason, t } from "./words.js";

/** Makes the canvas. update(entry or null, worker) shows an entry of the desk's list. */
export function canvas({ agent, store, notices, attempt, dismiss }) {
  let entry = null;
  const title = h("h4", { class: "canvas-title" });
  const people = h("p", { class: "canvas-people" });
  const button = transferButton({ press: () => (panel.isOpen ? panel.shut() : openDirectory()) });
  const end = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => finish() });
  const strip = progressStrip();
  const log = messageLog();
  const box = composer({
    label: t("desk.reply", { name: agent.name }), placeholder: t("desk.replyHint"),
    send: async (words) => {
      if (!(await attempt(stage.sendMessage(entry.channel.conversation_sid, identityOf(agent.worker), words)))) throw new Error("not sent");
    },
  });
  const foot = h("p", { class: "canvas-foot", hidden: true });
  const panel = directory({
    search: (query) => agent.screen(entry.task, query)?.targets ?? [],
    choose: (target) => ask(entry.task, target),
    closed: (refocus) => {
      show();
      if (refocus) button.button.focus();
    },
  });
  const full = h("div", { class: "canvas-full" },
    h("div", { class: "canvas-head" }, h("div", { class: "canvas-who" }, title, people), h("div", { class: "canvas-actions" }, button.node, end)),
    strip.node, log.node, box.node, foot, panel.node);
  const left = leftView(() => dismiss(entry));
  const empty = emptyView();
  const node = h("div", { class: "canvas" }, full, left.node, empty.node);

  function openDirectory() {
    panel.open();
    show();
    agent.warm(entry.task);
  }

  async function ask(task, target, key) {
    const result = await agent.transfer(task, target, key);
    if (!result || result.ok) return;
    const again = result.uncertain && { label: t("notice.retry"), run: () => ask(task, target, result.key) };
    notices.show({ kind: "error", text: reason(result.body.code, result.body.message), action: again || undefined });
  }

  async function finish() {
    const action = entry.status === "wrapping" ? "complete" : "wrapup";
    set(end, { "aria-busy": "true" });
    await attempt(stage.reservation(entry.reservation.sid, action));
    set(end, { "aria-busy": null });
  }

  function update(next, worker) {
    if (entry && next?.reservation.sid !== entry.reservation.sid) panel.shut(false);
    entry = next;
    full.hidden = !entry || entry.status === "left";
    left.node.hidden = entry?.status !== "left";
    empty.node.hidden = Boolean(entry);
    if (!entry) empty.update(worker);
    else show();
  }

  function show() {
    if (!entry) return;
    const nameOf = (sid) => store.workerName(sid);
    const { screen, status, customer, messages } = entry;
    if (status === "left") return left.update(screen.progress, nameOf);
    const open = status === "open";
    text(title, customer);
    text(people, peopleLine(screen, entry));
    if (screen?.button.state !== "enabled" && panel.isOpen) panel.shut(false);
    button.update(screen?.button ?? null, panel.isOpen);
    panel.refresh();
    end.hidden = status === "incoming";
    text(end, status === "wrapping" ? t("desk.complete") : t("desk.end"));
    strip.update(shownProgress(screen, entry), nameOf);
    log.update({ messages, of: entry.reservation.sid, label: t("desk.history", { name: customer }), voice: (message) => voiceOf(message, agent, store, customer) });
    box.node.hidden = !open;
    foot.hidden = open;
    text(foot, status === "incoming" ? t("desk.footIncoming") : t("desk.footWrapping"));
  }
  return { node, update, reset: () => panel.shut(false) };
}

/** A transfer of this agent that is under way. One that brought the conversation here is told in the list. */
function shownProgress(screen, { task }) {
  const progress = screen?.progress;
  const mine = progress?.mine && progress.from.taskSid === task.sid;
  return mine && !progress.ended ? progress : null;
}

function peopleLine(screen, { channelType, task, status, note }) {
  if (status === "incoming" && note) return note;
  const others = (screen?.participants ?? []).filter((one) => one.type === "agent" && !one.me && one.name).map((one) => one.name);
  const parts = [channelWords(channelType), task.task_queue_friendly_name, ...others].filter(Boolean);
  return parts.join(" · ");
}

function channelWords(type) {
  const known = { web: t("channel.web"), chat: t("channel.web"), sms: t("channel.sms"), whatsapp: t("channel.whatsapp"), email: t("channel.email") };
  return known[type] ?? type;
}

function voiceOf(message, agent, store, customer) {
  if (message.author === identityOf(agent.worker)) return { mine: true, kind: "agent", name: agent.name };
  const colleague = store.workerByIdentity(message.author);
  if (colleague) return { mine: false, kind: "agent", name: store.workerName(colleague.sid) };
  return { mine: false, kind: "customer", name: customer };
}

/** What stands in for a conversation that the agent has handed over. */
function leftView(done) {
  const strip = progressStrip();
  const title = h("h4", { class: "hint-title" });
  const close = h("button", { class: "button button-secondary button-small", type: "button", onclick: done }, t("desk.dismissLeft"));
  const node = h("div", { class: "hint hint-left", hidden: true }, h("span", { class: "hint-icon" }, icon("transfer")), title, strip.node, close);
  function update(progress, nameOf) {
    text(title, handoverText(progress, nameOf));
    strip.update(progress, nameOf);
    close.hidden = !progress.ended;
  }
  return { node, update };
}

function emptyView() {
  const title = h("p", { class: "hint-title" });
  const words = h("p", { class: "hint-text" });
  const node = h("div", { class: "hint" }, h("span", { class: "hint-icon" }, icon("inbox")), title, words);
  function update(worker) {
    text(title, worker.available ? t("desk.emptyTitle") : t("desk.awayTitle"));
    text(words, worker.available ? t("desk.empty") : t("desk.away"));
  }
  return { node, update };
}
