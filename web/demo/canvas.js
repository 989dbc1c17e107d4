// The conversation that is chosen on a desk: who is in it, the transfer button and the way out, how a transfer stands, the
// history and the box to reply in, and the participants.

import { briefingView } from "./briefing.js";
import { confirmation } from "./confirm.js";
import { composer, messageLog } from "./conversation.js";
import { Deeds } from "./deeds.js";
import { Directory } from "./directory.js";
import { h, set, text, uid } from "./dom.js";
import { Handover } from "./handover.js";
import { emptyView, leftView } from "./hints.js";
import { peoplePanel } from "./people.js";
import { progressStrip } from "./progress.js";
import { ruleButton } from "./rulebutton.js";
import { stage } from "./stage.js";
import { identityOf } from "./store.js";
import { tabs } from "./tabs.js";
import { t } from "./words.js";

const SHOW_ENDED_MS = 12_000;

export class Canvas {
  #entry = null;
  #agent;
  #store;
  #desk;
  #again = null; // the timer that takes an ended transfer off the screen

  /** desk is {notices, attempt(promise), dismiss(entry)}. */
  constructor({ agent, store, desk }) {
    this.#agent = agent;
    this.#store = store;
    this.#desk = desk;
    this.title = h("h4", { class: "canvas-title" });
    this.people = h("p", { class: "canvas-people" });
    this.question = confirmation();
    this.deeds = new Deeds({ agent, question: this.question, notices: desk.notices });
    this.button = ruleButton({
      look: "button-primary", image: "transfer", press: () => this.#toggleDirectory(),
      more: { "aria-haspopup": "dialog", "data-directory-button": true },
    });
    this.exit = ruleButton({ look: "button-secondary", press: () => this.deeds.exit(this.#entry) });
    this.complete = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => this.#finish() });
    this.strip = progressStrip({ cancel: (progress) => this.deeds.cancel(this.#entry, progress) });
    this.#makeChat();
    this.participants = peoplePanel({
      remove: (one) => this.deeds.remove(this.#entry, one), cancel: (invite) => this.deeds.cancel(this.#entry, invite),
      isPressed: (what) => agent.isPressed(what),
    });
    this.tabs = tabs({
      label: t("tabs.label", { name: agent.name }),
      items: [{ key: "chat", words: t("tabs.chat"), panel: this.chat }, { key: "people", words: t("people.title"), panel: this.participants.node }],
    });
    this.#makeDirectory();
    this.left = leftView({ done: () => desk.dismiss(this.#entry), cancel: (progress) => this.deeds.cancel(this.#entry, progress) });
    this.empty = emptyView();
    this.full = this.#layOut();
    this.node = h("div", { class: "canvas" }, this.full, this.left.node, this.empty.node, this.question.node);
  }

  #makeChat() {
    const { name } = this.#agent;
    this.briefing = briefingView();
    this.log = messageLog();
    this.box = composer({ label: t("desk.reply", { name }), placeholder: t("desk.replyHint"), send: (words) => this.#send(words) });
    this.foot = h("p", { class: "canvas-foot", hidden: true });
    this.chat = h("div", { class: "panel panel-chat", id: uid("panel") }, this.briefing.node, this.log.node, this.box.node, this.foot);
  }

  #makeDirectory() {
    this.directory = new Directory({
      search: (query) => this.#agent.find(this.#entry.task, query),
      favourites: this.#agent.favourites,
      recents: this.#agent.recents,
      modes: () => this.#entry?.screen ?? {},
      choose: (target, mode) => this.#choose(target, mode),
      closed: (refocus) => this.#directoryClosed(refocus),
    });
    this.handover = new Handover({
      send: (choice) => this.#ask(choice),
      back: () => this.#openDirectory(),
    });
  }

  #layOut() {
    return h("div", { class: "canvas-full" },
      h("div", { class: "canvas-head" }, h("div", { class: "canvas-who" }, this.title, this.people),
        h("div", { class: "canvas-actions" }, this.button.node, this.exit.node, this.complete)),
      this.tabs.node, this.strip.node, this.chat, this.participants.node, this.directory.node, this.handover.node);
  }

  /** Shows an entry of the desk's list, or that there is none. */
  update(entry, worker) {
    if (this.#entry && entry?.reservation.sid !== this.#entry.reservation.sid) this.#leaveBehind();
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
    this.#leaveBehind();
  }

  /** What was opened for another conversation is closed. */
  #leaveBehind() {
    this.directory.close(false);
    this.handover.close();
    this.question.dismiss();
    this.tabs.choose("chat");
  }

  #show() {
    const { screen, status, customer, task } = this.#entry;
    const nameOf = (sid) => this.#store.workerName(sid);
    if (status === "left") return this.left.update(screen.progress, nameOf, this.#agent.isPressed(screen.progress.transferId));
    text(this.title, customer);
    text(this.people, peopleLine(screen, this.#entry));
    this.#showActions(screen, status);
    const progress = this.#shownProgress();
    this.strip.update(progress, nameOf, this.#agent.isPressed(progress?.transferId));
    this.tabs.node.hidden = status === "incoming" || !screen;
    this.tabs.badge("people", screen?.parties ?? 0, t("people.count", { n: screen?.parties ?? 0 }));
    this.participants.update(screen, customer);
    this.briefing.update(screen?.briefing, task, this.#agent.settings);
    this.#showChat();
  }

  #showChat() {
    const { status, customer, messages, reservation } = this.#entry;
    this.log.update({
      messages, of: reservation.sid, label: t("desk.history", { name: customer }),
      voice: (message) => voiceOf(message, this.#agent, this.#store, customer),
    });
    this.box.node.hidden = status !== "open";
    this.foot.hidden = status === "open";
    text(this.foot, status === "incoming" ? t("desk.footIncoming") : t("desk.footWrapping"));
  }

  /** The buttons and what they open, as the rules have them. */
  #showActions(screen, status) {
    const usable = screen?.button.state === "enabled";
    if (!usable) this.directory.close(false);
    if (this.handover.isOpen && screen?.button.state === "hidden") this.handover.close();
    this.button.update(screen?.button ?? null, { words: t("transfer.button"), more: { "aria-expanded": this.directory.isOpen || this.handover.isOpen ? "true" : "false" } });
    this.directory.refresh();
    this.handover.update(screen, this.#agent.settings);
    // Without rules the way out is Flex's own.
    const exit = status === "open" && screen ? screen.exit : null;
    const leaving = exit?.state === "busy" && exit.reason === "LEAVING_UNDER_WAY";
    const words = exit?.kind === "leave" ? t("desk.leave") : t("desk.end");
    this.exit.update(exit, { words: leaving ? t("desk.leaving") : words, waiting: this.#agent.isPressed(this.#entry.task.sid), more: { "data-exit": exit?.kind } });
    this.complete.hidden = status === "incoming" || !this.exit.node.hidden;
    text(this.complete, status === "wrapping" ? t("desk.complete") : t("desk.end"));
  }

  /** The transfer under way, of whoever is in the conversation, or one that has ended a moment ago. */
  #shownProgress() {
    const { screen, status } = this.#entry;
    const progress = screen?.progress;
    clearTimeout(this.#again);
    // One that brought the conversation here is told in the list.
    if (!progress || status !== "open" || progress.acceptedBy === this.#agent.workerSid) return null;
    if (!progress.ended) return progress;
    const left = Date.parse(progress.ended) + SHOW_ENDED_MS - Date.now();
    if (left <= 0) return null;
    this.#again = setTimeout(() => this.#entry && this.#show(), left + 1);
    return progress;
  }

  #toggleDirectory() {
    if (this.directory.isOpen) return this.directory.close();
    this.handover.close();
    this.#openDirectory();
    this.#agent.warm(this.#entry.task);
  }

  #openDirectory() {
    this.directory.open();
    this.#show();
  }

  #directoryClosed(refocus) {
    if (this.#entry) this.#show();
    if (refocus) this.button.button.focus();
  }

  /** A target was chosen: what is said with the transfer comes next. */
  #choose(target, mode) {
    this.handover.open(target, mode ?? (this.#entry.screen?.cold.state === "enabled" ? "cold" : "warm"));
    this.#show();
    this.handover.focus();
  }

  #ask(choice) {
    this.button.button.focus();
    this.deeds.transfer(this.#entry, choice);
  }

  async #send(words) {
    const sent = await this.#desk.attempt(stage.sendMessage(this.#entry.channel.conversation_sid, identityOf(this.#agent.worker), words));
    if (!sent) throw new Error("not sent");
  }

  async #finish() {
    const action = this.#entry.status === "wrapping" ? "complete" : "wrapup";
    set(this.complete, { "aria-busy": "true" });
    await this.#desk.attempt(stage.reservation(this.#entry.reservation.sid, action));
    set(this.complete, { "aria-busy": null });
  }
}

function peopleLine(screen, { channelType, task, status, note }) {
  if (status === "incoming" && note) return note;
  const others = (screen?.participants ?? []).filter((one) => one.type === "agent" && !one.me && one.name).map((one) => one.name);
  const parts = others.length ? others : [task.task_queue_friendly_name];
  return [channelWords(channelType), ...parts].filter(Boolean).join(" · ");
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
