// The directory of agents and queues: a search box that owns a list (the combobox pattern). Which entries there are, in
// which order and which can be chosen, and why not, comes from the rules.

import { each, h, set, text, uid } from "./dom.js";
import { initials } from "./format.js";
import { icon } from "./icons.js";
import { reason, t } from "./words.js";

/**
 * Makes the panel. search(query) returns the targets to show; choose(target) is called once for a choice; closed() when
 * the panel closes.
 */
export function directory({ search, choose, closed }) {
  const listId = uid("directory");
  const titleId = uid("directory-title");
  const input = h("input", {
    class: "directory-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": listId, "aria-label": t("directory.search"),
    placeholder: t("directory.search"),
  });
  const close = h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": t("directory.close"), onclick: () => shut() }, icon("close"));
  const list = h("div", { class: "directory-list", role: "listbox", id: listId, "aria-labelledby": titleId });
  const empty = h("p", { class: "directory-empty", hidden: true });
  const count = h("p", { class: "visually-hidden", role: "status" });
  const node = h(
    "div", { class: "directory", role: "dialog", "aria-labelledby": titleId, hidden: true },
    h("div", { class: "directory-head" }, h("h4", { class: "directory-title", id: titleId }, t("directory.title")), close),
    h("div", { class: "directory-search" }, icon("search"), input),
    list, empty, count,
    h("p", { class: "directory-keys", "aria-hidden": "true" },
      h("kbd", {}, "↑"), h("kbd", {}, "↓"), t("directory.keysMove"), h("kbd", {}, "Enter"), t("directory.keysChoose"), h("kbd", {}, "Esc"), t("directory.keysClose")),
  );
  let targets = [];
  let active = "";

  input.addEventListener("input", () => {
    active = "";
    refresh();
  });
  node.addEventListener("keydown", keys);
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) shut(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!node.hidden && !node.contains(event.target) && !event.target.closest?.("[data-directory-button]")) shut(false);
  });

  function open() {
    node.hidden = false;
    input.value = "";
    active = "";
    refresh();
    input.focus();
  }

  function shut(refocus = true) {
    if (node.hidden) return;
    node.hidden = true;
    closed(refocus);
  }

  function refresh() {
    if (node.hidden) return;
    targets = search(input.value.trim());
    if (!targets.some((target) => keyOf(target) === active)) active = keyOf(targets.find((target) => target.enabled) ?? targets[0]);
    each(list, groups(targets), (group) => group.kind, groupView);
    text(count, t("directory.count", { n: targets.length }));
    empty.hidden = targets.length > 0;
    list.hidden = targets.length === 0;
    text(empty, t("directory.empty", { query: input.value.trim() }));
    mark();
  }

  function mark() {
    for (const option of list.querySelectorAll("[role=option]")) {
      const on = option.dataset.key === active;
      set(option, { "aria-selected": on ? "true" : "false" });
      if (on) {
        set(input, { "aria-activedescendant": option.id });
        option.scrollIntoView({ block: "nearest" });
      }
    }
    if (targets.length === 0) set(input, { "aria-activedescendant": null });
  }

  function keys(event) {
    const index = targets.findIndex((target) => keyOf(target) === active);
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + 5, PageUp: index - 5 };
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      shut();
    } else if (event.target === input && event.key in moves && targets.length) {
      event.preventDefault();
      const last = targets.length - 1;
      const wrap = event.key.startsWith("Arrow");
      const next = moves[event.key];
      active = keyOf(targets[next < 0 ? (wrap ? last : 0) : next > last ? (wrap ? 0 : last) : next]);
      mark();
    } else if (event.target === input && event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      pick(targets[index]);
    }
  }

  function pick(target) {
    if (!target?.enabled || node.hidden) return;
    shut();
    choose(target);
  }

  function groupView({ kind }) {
    const labelId = uid("directory-group");
    const rows = h("div", { role: "presentation" });
    const groupNode = h("div", { class: "directory-group", role: "group", "aria-labelledby": labelId },
      h("div", { class: "directory-label", id: labelId, role: "presentation" }, kind === "queue" ? t("directory.queues") : t("directory.agents")), rows);
    return { node: groupNode, update: (group) => each(rows, group.targets, keyOf, (target) => optionView(target, pick)) };
  }
  return { node, open, shut, refresh, get isOpen() { return !node.hidden; } };
}

function optionView(target, pick) {
  let current = target;
  const whyId = uid("directory-why");
  const face = h("span", { class: `avatar avatar-small avatar-${target.kind}`, "aria-hidden": "true" });
  face.append(target.kind === "queue" ? icon("queue") : initials(target.name));
  const name = h("span", { class: "directory-name" });
  const detail = h("span", { class: "directory-detail", id: whyId });
  const go = h("span", { class: "directory-go", "aria-hidden": "true" }, icon("transfer"));
  const node = h("div", {
    class: "directory-option", role: "option", id: uid("directory-option"), "data-key": keyOf(target), "aria-describedby": whyId,
    onpointerdown: (event) => event.preventDefault(), // the focus stays in the search box
    onclick: () => pick(current),
  }, face, h("span", { class: "directory-text" }, name, detail), go);
  function update(next) {
    current = next;
    set(node, { "aria-disabled": next.enabled ? null : "true" });
    text(name, next.name);
    text(detail, next.enabled ? next.detail || t("directory.queueDetail") : why(next));
  }
  return { node, update };
}

function why(target) {
  const words = reason(target.reason, "");
  return target.detail ? t("directory.why", { detail: target.detail, reason: words }) : words;
}

function groups(targets) {
  const kinds = [...new Set(targets.map((target) => target.kind))];
  return kinds.map((kind) => ({ kind, targets: targets.filter((target) => target.kind === kind) }));
}

function keyOf(target) {
  return target ? `${target.kind}:${target.sid}` : "";
}
