// The customer's phone: begin a conversation, write, leave. There can be several customers; the phone shows one of them.

import { composer, messageLog } from "./conversation.js";
import { each, h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { stage } from "./stage.js";
import { attributesOf } from "./store.js";
import { channelIcon } from "./tasks.js";
import { notifications } from "./notifications.js";
import { reason, t } from "./words.js";

const CHANNELS = ["web", "sms", "whatsapp", "email"];

/** Makes the pane. update() shows how things stand. */
export function customer({ store }) {
  let chosen = null; // a conversation's SID, "new", or null for the latest
  const notices = notifications();
  const start = startForm(async (values) => {
    const made = await attempt(stage.startConversation(values.name, values.channel, values.body, values.mail));
    if (made) chosen = made.conversation_sid;
    update();
    return Boolean(made);
  });
  const chat = chatView({ store, attempt, renew: () => choose("new") });
  const others = h("select", { class: "select phone-select", hidden: true, "aria-label": t("customer.choose"), onchange: () => choose(others.value) });
  const title = h("h2", { class: "phone-title" }, t("customer.title"));
  const node = h("section", { class: "phone", "aria-label": t("customer.label") },
    h("div", { class: "phone-bar" }, icon("phone"), title, others), start.node, chat.node, notices.node);

  function choose(value) {
    chosen = value;
    update();
    if (value === "new") start.focus();
  }

  async function attempt(promise) {
    try {
      return (await promise) ?? true;
    } catch (error) {
      notices.show({ kind: "error", text: reason(error.code, error.message) });
      return null;
    }
  }

  function update() {
    const conversations = store.all("conversation").filter((one) => store.channelOfConversation(one.sid));
    const current = chosen === "new" ? null : conversations.find((one) => one.sid === chosen) ?? conversations.at(-1) ?? null;
    const options = [...conversations.map((one) => ({ value: one.sid, label: customerName(store, one) })), { value: "new", label: t("customer.newShort") }];
    each(others, options, (option) => option.value, ({ value }) => {
      const option = h("option", { value });
      return { node: option, update: ({ label }) => text(option, label) };
    });
    others.hidden = conversations.length === 0;
    set(others, { value: current?.sid ?? "new" });
    start.node.hidden = Boolean(current);
    chat.node.hidden = !current;
    if (current) chat.update(current);
  }

  function reset() {
    chosen = null;
    notices.clear();
    start.reset();
  }
  return { node, update, reset };
}

function startForm(begin) {
  const name = h("input", { class: "input", id: "customer-name", value: t("customer.defaultName"), maxlength: "80", autocomplete: "off", required: true });
  const channel = h("select", { class: "select select-wide", id: "customer-channel" },
    CHANNELS.map((value) => h("option", { value }, channelName(value))));
  const subject = h("input", { class: "input", id: "customer-subject", value: t("customer.defaultSubject"), maxlength: "256", autocomplete: "off" });
  const recipients = h("input", { class: "input", id: "customer-recipients", placeholder: t("customer.recipientsHint"), autocomplete: "off" });
  const mail = h("div", { class: "start-mail", hidden: true }, field(t("customer.subject"), subject), field(t("customer.recipients"), recipients));
  channel.addEventListener("change", change);
  const body = h("textarea", { class: "input composer-input", id: "customer-first", rows: "3", placeholder: t("customer.firstHint"), required: true, "aria-label": t("customer.first") });
  const button = h("button", { class: "button button-primary button-wide", type: "submit" }, icon("send"), t("customer.start"));
  const hint = h("div", { class: "start-hint" }, h("span", { class: "hint-icon" }, icon("web")), h("p", { class: "hint-title" }, t("customer.emptyTitle")), h("p", { class: "hint-text" }, t("customer.empty")));
  const node = h("form", { class: "start", onsubmit: submit }, hint, field(t("customer.name"), name), field(t("customer.channel"), channel), mail, field(t("customer.first"), body), button);
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });

  function change() {
    mail.hidden = channel.value !== "email";
    hint.hidden = !mail.hidden; // a mail's form needs the room
    set(node, { "data-channel": channel.value });
  }

  async function submit(event) {
    event.preventDefault();
    if (!node.reportValidity() || button.getAttribute("aria-busy") === "true") return;
    set(button, { "aria-busy": "true" });
    const made = await begin({ name: name.value.trim(), channel: channel.value, body: body.value.trim(), mail: mail.hidden ? undefined : { subject: subject.value.trim(), recipients: people(recipients.value) } });
    set(button, { "aria-busy": null });
    if (made) body.value = "";
  }

  function reset() {
    node.reset();
    name.value = t("customer.defaultName");
    subject.value = t("customer.defaultSubject");
    change();
  }
  return { node, reset, focus: () => body.focus() };
}

/** Who else gets a mail: names or addresses, with commas between them. The stage makes up what is missing. */
function people(typed) {
  const parts = typed.split(/[,;，、]/).map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => (part.includes("@") ? { name: part.split("@")[0], address: part, level: "cc" } : { name: part, level: "cc" }));
}

function field(label, input) {
  return h("div", { class: "field" }, h("label", { class: "label", for: input.id }, label), input);
}

function chatView({ store, attempt, renew }) {
  let conversation = null;
  const who = h("p", { class: "phone-status", role: "status" });
  const mark = h("span", { class: "task-icon" });
  const name = h("p", { class: "phone-name" });
  const leave = h("button", { class: "button button-quiet button-small", type: "button", onclick: () => go() }, t("customer.leave"));
  const copies = h("p", { class: "phone-copies", hidden: true });
  const sender = h("select", { class: "select select-wide", id: "customer-from" });
  const from = h("div", { class: "phone-from", hidden: true }, h("label", { class: "label", for: sender.id }, t("customer.from")), sender);
  const log = messageLog();
  const box = composer({
    label: t("customer.write"), placeholder: t("customer.writeHint"),
    send: async (words) => {
      if (!(await attempt(stage.sendMessage(conversation.sid, identity(), words)))) throw new Error("not sent");
    },
  });
  const again = h("button", { class: "button button-secondary button-wide", type: "button", onclick: renew }, icon("plus"), t("customer.new"));
  const over = h("div", { class: "phone-over" }, h("p", { class: "hint-text" }, t("customer.over")), again);
  const node = h("div", { class: "phone-chat", hidden: true }, h("div", { class: "phone-head" }, mark, h("div", { class: "phone-who" }, name, who), leave), copies, log.node, from, box.node, over);
  let type = "";

  const channel = () => store.channelOfConversation(conversation.sid);
  // Who gets a mail besides the customer is a customer of the interaction too.
  const parties = () => (channel() ? store.participantsOf(channel().sid).filter((one) => one.type === "customer") : []).map((one) => one.media_properties?.identity).filter(Boolean);
  const identity = () => (from.hidden ? parties()[0] : sender.value) || store.messages(conversation.sid)[0]?.author || "";

  function chooseSender(all) {
    from.hidden = all.length < 2;
    each(sender, all, (one) => one, (one) => ({ node: h("option", { value: one }, one) }));
    copies.hidden = all.length < 2;
    text(copies, t("customer.copies", { names: all.slice(1).join(", ") }));
  }

  async function go() {
    await attempt(stage.leave(conversation.sid, identity()));
  }

  function update(next) {
    conversation = next;
    const all = parties();
    const ended = conversation.state === "closed" || all.length === 0;
    chooseSender(ended ? [] : all);
    set(node, { "data-channel": channel()?.type });
    if (type !== channel()?.type) mark.replaceChildren(channelIcon((type = channel()?.type)));
    text(name, subjectOf(store, conversation) || customerName(store, conversation));
    text(who, ended ? t("customer.ended") : companyLine(store, channel()));
    log.update({
      messages: store.messages(conversation.sid), of: conversation.sid, label: t("customer.history"),
      voice: (message) => voiceOf(message, store, all),
    });
    box.node.hidden = ended;
    leave.hidden = ended;
    over.hidden = !ended;
  }
  return { node, update };
}

function voiceOf(message, store, parties) {
  const worker = store.workerByIdentity(message.author);
  if (!worker && parties.indexOf(message.author) > 0) return { mine: false, kind: "customer", name: message.author };
  if (!worker) return { mine: true, kind: "customer", name: "" };
  return { mine: false, kind: "agent", name: store.workerName(worker.sid) };
}

/** Whom the customer is talking with. */
function companyLine(store, channel) {
  const names = store.participantsOf(channel.sid)
    .filter((one) => one.type === "agent")
    .map((one) => store.workerName(one.routing_properties?.worker_sid))
    .filter(Boolean);
  return names.length ? t("customer.with", { names: names.join(", ") }) : t("customer.waiting");
}

/** The subject of a mail; empty for whatever is none. */
function subjectOf(store, conversation) {
  return store.messages(conversation.sid).find((message) => message.subject)?.subject ?? "";
}

function customerName(store, conversation) {
  const channel = store.channelOfConversation(conversation.sid);
  const task = store.all("task").find((one) => attributesOf(one).flexInteractionChannelSid === channel?.sid);
  const attributes = attributesOf(task);
  return attributes.customerName || attributes.name || conversation.friendly_name || t("chat.customer");
}

function channelName(value) {
  return { web: t("channel.web"), sms: t("channel.sms"), whatsapp: t("channel.whatsapp"), email: t("channel.email") }[value];
}
