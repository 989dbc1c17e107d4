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
    const made = await attempt(stage.startConversation(values.name, values.channel, values.body));
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
  const body = h("textarea", { class: "input composer-input", id: "customer-first", rows: "3", placeholder: t("customer.firstHint"), required: true, "aria-label": t("customer.first") });
  const button = h("button", { class: "button button-primary button-wide", type: "submit" }, icon("send"), t("customer.start"));
  const node = h("form", { class: "start", onsubmit: submit },
    h("div", { class: "start-hint" }, h("span", { class: "hint-icon" }, icon("web")), h("p", { class: "hint-title" }, t("customer.emptyTitle")), h("p", { class: "hint-text" }, t("customer.empty"))),
    field(t("customer.name"), name), field(t("customer.channel"), channel), field(t("customer.first"), body), button);
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });

  async function submit(event) {
    event.preventDefault();
    if (!node.reportValidity() || button.getAttribute("aria-busy") === "true") return;
    set(button, { "aria-busy": "true" });
    const made = await begin({ name: name.value.trim(), channel: channel.value, body: body.value.trim() });
    set(button, { "aria-busy": null });
    if (made) body.value = "";
  }

  function reset() {
    node.reset();
    name.value = t("customer.defaultName");
  }
  return { node, reset, focus: () => body.focus() };
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
  const log = messageLog();
  const box = composer({
    label: t("customer.write"), placeholder: t("customer.writeHint"),
    send: async (words) => {
      if (!(await attempt(stage.sendMessage(conversation.sid, identity(), words)))) throw new Error("not sent");
    },
  });
  const again = h("button", { class: "button button-secondary button-wide", type: "button", onclick: renew }, icon("plus"), t("customer.new"));
  const over = h("div", { class: "phone-over" }, h("p", { class: "hint-text" }, t("customer.over")), again);
  const node = h("div", { class: "phone-chat", hidden: true }, h("div", { class: "phone-head" }, mark, h("div", { class: "phone-who" }, name, who), leave), log.node, box.node, over);
  let type = "";

  const channel = () => store.channelOfConversation(conversation.sid);
  const party = () => channel() && store.customerOf(channel().sid);
  const identity = () => party()?.media_properties?.identity || store.messages(conversation.sid)[0]?.author || "";

  async function go() {
    await attempt(stage.leave(conversation.sid, identity()));
  }

  function update(next) {
    conversation = next;
    const ended = conversation.state === "closed" || !party();
    if (type !== channel()?.type) mark.replaceChildren(channelIcon((type = channel()?.type)));
    text(name, customerName(store, conversation));
    text(who, ended ? t("customer.ended") : companyLine(store, channel()));
    log.update({
      messages: store.messages(conversation.sid), of: conversation.sid, label: t("customer.history"),
      voice: (message) => voiceOf(message, store),
    });
    box.node.hidden = ended;
    leave.hidden = ended;
    over.hidden = !ended;
  }
  return { node, update };
}

function voiceOf(message, store) {
  const worker = store.workerByIdentity(message.author);
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

function customerName(store, conversation) {
  const channel = store.channelOfConversation(conversation.sid);
  const task = store.all("task").find((one) => attributesOf(one).flexInteractionChannelSid === channel?.sid);
  const attributes = attributesOf(task);
  return attributes.customerName || attributes.name || conversation.friendly_name || t("chat.customer");
}

function channelName(value) {
  return { web: t("channel.web"), sms: t("channel.sms"), whatsapp: t("channel.whatsapp"), email: t("channel.email") }[value];
}
