// The history of a conversation and the box to write in: the same for the customer and the agents.

import { each, h, set, text } from "./dom.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const NEAR_END_PX = 48;

/**
 * The log of messages. update({messages, label, voice}) shows them; voice(message) tells who speaks: {mine, name, kind}.
 */
export function messageLog() {
  const list = h("ol", { class: "log-list" });
  const node = h("div", { class: "log", role: "log", tabindex: "0" }, list);
  let shown = null;
  let atEnd = true;
  node.addEventListener("scroll", () => (atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_END_PX));
  // What appears above or below takes room from the history: whoever read its end goes on doing so.
  new ResizeObserver(() => atEnd && toEnd()).observe(node);

  function toEnd() {
    node.scrollTop = node.scrollHeight;
    atEnd = true;
  }

  function update({ messages, label, voice, of }) {
    set(node, { "aria-label": label });
    const before = list.childElementCount;
    const rows = messages.map((message, i) => {
      const speaker = voice(message);
      const previous = i > 0 ? messages[i - 1].author : null;
      return { message, speaker, first: previous !== message.author };
    });
    each(list, rows, (row) => row.message.sid, bubble);
    if (of !== shown || (atEnd && list.childElementCount !== before)) toEnd();
    shown = of;
  }
  return { node, update };
}

function bubble() {
  const who = h("span", { class: "bubble-who" });
  const body = h("p", { class: "bubble-body" });
  const when = h("time", { class: "bubble-when" });
  const node = h("li", { class: "bubble" }, h("div", { class: "bubble-head" }, who, when), body);
  function update({ message, speaker, first }) {
    set(node, { class: `bubble bubble-${speaker.kind}${speaker.mine ? " is-mine" : ""}${first ? " is-first" : ""}` });
    text(who, speaker.mine ? t("chat.you") : speaker.name);
    text(body, message.body ?? "");
    text(when, clock(message.date_created));
    set(when, { datetime: message.date_created });
  }
  return { node, update };
}

/** The box to write in. send(text) is called with what is not blank; it may return a promise and refuse by throwing. */
export function composer({ label, placeholder, send }) {
  const input = h("textarea", { class: "composer-input", rows: "1", "aria-label": label, placeholder, enterkeyhint: "send" });
  const button = h("button", { class: "button button-primary button-icon", type: "submit", "aria-label": t("chat.send") }, icon("send"));
  const node = h("form", { class: "composer", onsubmit: submit }, input, button);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });

  async function submit(event) {
    event.preventDefault();
    const words = input.value.trim();
    if (!words) return;
    input.value = "";
    try {
      await send(words);
    } catch {
      if (!input.value) input.value = words; // it was not sent: nobody should have to write it twice
    }
  }
  return { node, input, update: (props) => set(input, props) };
}
