// A desk's notifications: what happened and what to do about it. Two live regions, one polite and one that interrupts,
// are in the page from the start, since a screen reader speaks only of regions that it knows.

import { each, h, text } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const GOES_AFTER_MS = 8000;
const ICONS = { error: "warning", success: "check", info: "info" };

/** Makes the regions. show({kind, text, action?: {label, run}}) adds a notification; kind is error, success or info. */
export function notifications() {
  const polite = h("div", { role: "status", "aria-live": "polite" });
  const urgent = h("div", { role: "alert", "aria-live": "assertive" });
  const node = h("div", { class: "notices" }, urgent, polite);
  let items = [];
  let next = 0;

  function show(notice) {
    // The same words twice are one notification: nobody needs to dismiss both.
    items = [...items.filter((item) => item.text !== notice.text), { ...notice, id: (next += 1) }];
    render();
  }

  function dismiss(id) {
    items = items.filter((item) => item.id !== id);
    render();
  }

  function clear() {
    items = [];
    render();
  }

  function render() {
    const make = (item) => noticeView(item, () => dismiss(item.id));
    each(urgent, items.filter((item) => item.kind === "error"), (item) => item.id, make);
    each(polite, items.filter((item) => item.kind !== "error"), (item) => item.id, make);
  }
  return { node, show, clear };
}

function noticeView(item, dismiss) {
  const words = h("p", { class: "notice-text" });
  const action = item.action && h("button", {
    class: "button button-link", type: "button",
    onclick: () => {
      dismiss();
      item.action.run();
    },
  }, item.action.label);
  const node = h("div", { class: `notice notice-${item.kind}` }, icon(ICONS[item.kind]), h("div", { class: "notice-main" }, words, action),
    h("button", { class: "button button-quiet button-icon button-small", type: "button", "aria-label": t("notice.dismiss"), onclick: dismiss }, icon("close")));
  text(words, item.text);
  const timer = item.kind === "error" ? null : setTimeout(dismiss, GOES_AFTER_MS);
  return { node, gone: () => clearTimeout(timer) };
}
