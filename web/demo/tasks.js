// A desk's list of tasks: what rings, what is open, what was handed over.

import { each, h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const CHANNEL_ICONS = { web: "web", chat: "web", sms: "sms", whatsapp: "whatsapp", email: "email" };

/** The icon of a channel type. */
export function channelIcon(type) {
  return icon(CHANNEL_ICONS[type] ?? "web");
}

/**
 * The list. Entries are {reservation, task, customer, channelType, preview, status, note, told, unread}, status being incoming,
 * open, wrapping or left; told is what the agent who hands over says. The functions are called with an entry.
 */
export function taskList({ label, select, accept, reject }) {
  const node = h("ul", { class: "tasks", "aria-label": label });
  function update(entries, selected) {
    const make = (entry) => card(entry, { select, accept, reject });
    each(node, entries.map((entry) => ({ ...entry, selected: entry.reservation.sid === selected })), (entry) => entry.reservation.sid, make);
    node.hidden = entries.length === 0;
  }
  return { node, update };
}

function card(entry, { select, accept, reject }) {
  let current = entry;
  const name = h("span", { class: "task-name" });
  const note = h("span", { class: "task-note" });
  const badge = h("span", { class: "badge" });
  const unread = h("span", { class: "unread" });
  const open = h("button", { class: "task-button", type: "button", onclick: () => select(current) },
    h("span", { class: "task-icon" }, channelIcon(entry.channelType)), h("span", { class: "task-text" }, name, note), unread, badge);
  const yes = h("button", { class: "button button-success button-small", type: "button", onclick: () => once(yes, () => accept(current)) }, icon("check"), t("task.accept"));
  const no = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => once(no, () => reject(current)) }, t("task.reject"));
  const actions = h("div", { class: "task-actions" }, yes, no);
  const told = h("p", { class: "task-told", hidden: true });
  const node = h("li", { class: "task" }, open, told, actions);

  function update(next) {
    current = next;
    const incoming = next.status === "incoming";
    set(node, { class: `task is-${next.status}${next.selected ? " is-selected" : ""}`, "data-reservation": next.reservation.sid, "data-status": next.status });
    set(open, { "aria-current": next.selected ? "true" : null });
    text(name, next.customer);
    text(note, next.note || next.preview);
    set(note, { title: next.note || next.preview });
    unread.hidden = !next.unread;
    text(unread, next.unread ? t("task.unread", { n: next.unread }) : "");
    text(badge, statusWords(next.status));
    set(badge, { class: `badge badge-${next.status}` });
    actions.hidden = !incoming;
    told.hidden = !next.told;
    text(told, next.told ?? "");
    set(told, { title: next.told || null });
    set(yes, { "aria-label": t("task.acceptFrom", { name: next.customer }) });
    set(no, { "aria-label": t("task.rejectFrom", { name: next.customer }) });
  }
  return { node, update };
}

/** Runs an action of a button with the button held, so that a double click does it once. */
async function once(button, action) {
  if (button.getAttribute("aria-busy") === "true") return;
  set(button, { "aria-busy": "true" });
  try {
    await action();
  } finally {
    set(button, { "aria-busy": null });
  }
}

function statusWords(status) {
  if (status === "incoming") return t("task.incoming");
  if (status === "wrapping") return t("task.wrapping");
  return status === "left" ? t("task.left") : t("task.open");
}
