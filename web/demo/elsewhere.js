// What stands over the page while another window of the demo is live.

import { h, set } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/** take() is called when the visitor wants to go on here. show(on) also takes the rest of the page out of reach. */
export function elsewhereView(take) {
  const button = h("button", { class: "button button-primary", type: "button", onclick: take }, t("window.take"));
  const title = h("h2", { class: "elsewhere-title", id: "elsewhere-title" }, t("window.title"));
  const node = h("div", { class: "elsewhere", hidden: true, role: "dialog", "aria-modal": "true", "aria-labelledby": title.id },
    h("div", { class: "elsewhere-card" }, h("span", { class: "hint-icon" }, icon("window")), title, h("p", { class: "hint-text" }, t("window.text")), button));
  function show(on) {
    node.hidden = !on;
    for (const other of node.parentElement?.children ?? []) if (other !== node) set(other, { inert: on });
    if (on) button.focus();
  }
  return { node, show };
}
