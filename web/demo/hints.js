// What stands where no conversation is: that there is none, or how the one stands that the agent has handed over.

import { h, text } from "./dom.js";
import { icon } from "./icons.js";
import { handoverText, progressStrip } from "./progress.js";
import { t } from "./words.js";

/** What stands in for a conversation that the agent has handed over. */
export function leftView({ done, cancel }) {
  const strip = progressStrip({ cancel });
  const title = h("h4", { class: "hint-title" });
  const close = h("button", { class: "button button-secondary button-small", type: "button", onclick: done }, t("desk.dismissLeft"));
  const node = h("div", { class: "hint hint-left", hidden: true }, h("span", { class: "hint-icon" }, icon("transfer")), title, strip.node, close);
  function update(progress, nameOf, waiting) {
    text(title, handoverText(progress, nameOf));
    strip.update(progress, nameOf, waiting);
    close.hidden = !progress.ended;
  }
  return { node, strip, update };
}

/** What stands there while nothing rings: whether the agent takes chats. */
export function emptyView() {
  const title = h("p", { class: "hint-title" });
  const words = h("p", { class: "hint-text" });
  const node = h("div", { class: "hint" }, h("span", { class: "hint-icon" }, icon("inbox")), title, words);
  function update(worker) {
    text(title, worker.available ? t("desk.emptyTitle") : t("desk.awayTitle"));
    text(words, worker.available ? t("desk.empty") : t("desk.away"));
  }
  return { node, update };
}
