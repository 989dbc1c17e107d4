// The conversation that is chosen on a desk: who is in it, the transfer button, how a transfer stands, the history and
// the box to reply in.

import { composer, messageLog } from "./conversation.js";
import { Directory } from "./directory.js";
import { h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { handoverText, progressStrip } from "./progress.js";
import { stage } from "./stage.js";
import { identityOf } from "./store.js";
import { transferButton } from "./transferbutton.js";
import { reason, t } from "./words.js";

export class Canvas {
  #entry = null;
  #agent;
  #store;
  #desk;

  /** desk is {notices, attempt(promise), dismiss(entry)}. */
  constructor({ agent, store, desk }) {
    this.#agent = agent;
    this.#store = store;
    this.#desk = desk;
    this.title = h("h4", { class: "canvas-title" });
    this.people = h("p", { class: "canvas-people" });
    this.button = transferButton({ press: () => this.#toggleDirectory() });
    this.end = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => this.#finish() });
    this.strip = progressStrip();
    this.log = messageLog();
    this.box = composer({ label: t("desk.reply", { name: agent.name }), placeholder: t("desk.replyHint"), send: (words) => this.#send(words) });
    this.foot = h("p", { class: "canvas-foot", hidden: true });
    this.directory = new Directory({
      search: (query) => this.#agent.screen(this.#entry.task, query)?.targets ?? [],
      choose: (target) => this.#ask(this.#entry.task, target),
      closed: (refocus) => this.#directoryClosed(refocus),
    });
    this.left = leftView(() => desk.dismiss(this.#entry));
    this.empty = emptyView();
    this.full = this.#layOut();
    this.node = h("div", { class: "canvas" }, this.full, this.left.node, this.empty.node);
  }

  #layOut() {
    return h("div", { class: "canvas-full" },
      h("div", { class: "canvas-head" }, h("div", { class: "canvas-who" }, this.title, this.people), h("div", { class: "canvas-actions" }, this.button.node, this.end)),
      this.strip.node, this.log.node, this.box.node, this.foot, this.directory.node);
  }

  /** Shows an entry of the desk's list, or that there is none. */
  update(entry, worker) {
    if (this.#entry && entry?.reservation.sid !== this.#entry.reservation.sid) this.directory.close(false);
    this.#entry = entry;
    const left = entry?.status === "left";
    this.full.hidden = !entry || left;
    this.left.node.hidden = !left;
    this.empty.node.hidden = Boolean(entry);
    // What is not shown does not count seconds either.
    if (this.full.hidden) this.strip.update(null);
    if (!left) this.left.strip.update(null);
    if (entry) this.#show();
    else this.empty.update(worker);
  }

  reset() {
    this.directory.close(false);
  }

  #show() {
    const { screen, status, customer, messages, reservation } = this.#entry;
    const nameOf = (sid) => this.#store.workerName(sid);
    if (status === "left") return this.left.update(screen.progress, nameOf);
    text(this.title, customer);
    text(this.people, peopleLine(screen, this.#entry));
    this.#showTransfer(screen);
    this.strip.update(shownProgress(screen, this.#entry), nameOf);
    this.log.update({
      messages, of: reservation.sid, label: t("desk.history", { name: customer }),
      voice: (message) => voiceOf(message, this.#agent, this.#store, customer),
    });
    this.end.hidden = status === "incoming";
    text(this.end, status === "wrapping" ? t("desk.complete") : t("desk.end"));
    this.box.node.hidden = status !== "open";
    this.foot.hidden = status === "open";
    text(this.foot, status === "incoming" ? t("desk.footIncoming") : t("desk.footWrapping"));
  }

  /** The button and the directory, as the rules have them. */
  #showTransfer(screen) {
    if (screen?.button.state !== "enabled") this.directory.close(false);
    this.button.update(screen?.button ?? null, this.directory.isOpen);
    this.directory.refresh();
  }

  #toggleDirectory() {
    if (this.directory.isOpen) return this.directory.close();
    this.directory.open();
    this.#show();
    this.#agent.warm(this.#entry.task);
  }

  #directoryClosed(refocus) {
    if (this.#entry) this.#show();
    if (refocus) this.button.button.focus();
  }

  /** Asks for a transfer, and says what went wrong. The key is that of an earlier click that is tried again. */
  async #ask(task, target, key) {
    const result = await this.#agent.transfer(task, target, key);
    if (!result || result.ok) return;
    const again = { label: t("notice.retry"), run: () => this.#ask(task, target, result.key) };
    this.#desk.notices.show({ kind: "error", text: reason(result.body.code, result.body.message), action: result.uncertain ? again : undefined });
  }

  async #send(words) {
    const sent = await this.#desk.attempt(stage.sendMessage(this.#entry.channel.conversation_sid, identityOf(this.#agent.worker), words));
    if (!sent) throw new Error("not sent");
  }

  async #finish() {
    const action = this.#entry.status === "wrapping" ? "complete" : "wrapup";
    set(this.end, { "aria-busy": "true" });
    await this.#desk.attempt(stage.reservation(this.#entry.reservation.sid, action));
    set(this.end, { "aria-busy": null });
  }
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
  return { node, strip, update };
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
