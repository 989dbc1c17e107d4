// The directory of agents and queues: a search box that owns a list (the combobox pattern). Which entries there are, in
// which order and which can be chosen, and why not, comes from the rules.

import { each, h, set, text, uid } from "./dom.js";
import { initials, span } from "./format.js";
import { icon } from "./icons.js";
import { modeIcons } from "./modeicons.js";
import { reason, t } from "./words.js";

const PAGE = 5;
const LIMIT = 30;
const KINDS = ["", "worker", "queue"];

export class Directory {
  #search;
  #choose;
  #modes;
  #closed;
  #targets = [];
  #active = "";
  #kind = "";
  #favourites;
  #recents;

  /**
   * search({query, kind, limit}) returns {lines, total}; favourites and recents are lists that this browser keeps; modes() gives the rules' buttons {cold, warm}; choose(target, mode) is called once for a choice, with the mode where one was chosen; closed(refocus) when it closes.
   */
  constructor({ search, choose, closed, favourites, recents, modes }) {
    this.#modes = modes;
    this.#favourites = favourites;
    this.#recents = recents;
    this.#search = search;
    this.#choose = choose;
    this.#closed = closed;
    const listId = uid("directory");
    this.title = h("h4", { class: "directory-title", id: uid("directory-title") }, t("directory.title"));
    this.input = h("input", {
      class: "directory-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": listId, "aria-label": t("directory.search"),
      placeholder: t("directory.search"), oninput: () => this.#typed(), onkeydown: (event) => this.#key(event),
    });
    this.list = h("div", { class: "directory-list", role: "listbox", id: listId, "aria-labelledby": this.title.id });
    this.empty = h("p", { class: "directory-empty", hidden: true });
    this.more = h("p", { class: "directory-more", hidden: true });
    this.kinds = h("div", { class: "directory-kinds", role: "group", "aria-labelledby": this.title.id });
    this.count = h("p", { class: "visually-hidden", role: "status" });
    this.node = this.#layOut();
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
    document.addEventListener("keydown", (event) => this.#slash(event));
    this.node.addEventListener("focusout", (event) => event.relatedTarget && !this.node.contains(event.relatedTarget) && this.close(false));
    document.addEventListener("pointerdown", (event) => this.#pressedOutside(event.target) && this.close(false));
  }

  #layOut() {
    const close = h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": t("directory.close"), onclick: () => this.close() }, icon("close"));
    const keys = h("p", { class: "directory-keys", "aria-hidden": "true" },
      h("kbd", {}, "↑"), h("kbd", {}, "↓"), t("directory.keysMove"), h("kbd", {}, "Enter"), t("directory.keysChoose"), h("kbd", {}, "Esc"), t("directory.keysClose"));
    return h("div", { class: "directory", role: "dialog", "aria-labelledby": this.title.id, hidden: true },
      h("div", { class: "directory-head" }, this.title, close), h("div", { class: "directory-search" }, icon("search"), this.input),
      this.kinds, this.list, this.more, this.empty, this.count, keys);
  }

  get isOpen() {
    return !this.node.hidden;
  }

  open() {
    this.node.hidden = false;
    this.input.value = "";
    this.#active = "";
    this.refresh();
    this.input.focus();
  }

  /** Closes it; refocus says that the focus belongs to whoever opened it. */
  close(refocus = true) {
    if (!this.isOpen) return;
    this.node.hidden = true;
    this.#closed(refocus);
  }

  /** Shows what the rules say now. */
  refresh() {
    if (!this.isOpen) return;
    const query = this.input.value.trim();
    const found = this.#search({ query, kind: this.#kind, limit: LIMIT });
    this.#targets = found.lines;
    const known = this.#targets.some((target) => keyOf(target) === this.#active);
    if (!known) this.#active = keyOf(this.#targets.find((target) => target.enabled) ?? this.#targets[0]);
    each(this.list, groups(this.#targets), (group) => group.kind, (group) => this.#groupView(group));
    each(this.kinds, KINDS, (kind) => kind, (kind) => this.#kindView(kind));
    text(this.count, t("directory.count", { n: found.total }));
    const hidden = found.total - this.#targets.length;
    this.more.hidden = hidden <= 0;
    text(this.more, t("directory.more", { n: Math.max(hidden, 0) }));
    this.empty.hidden = this.#targets.length > 0;
    this.list.hidden = this.#targets.length === 0;
    text(this.empty, t("directory.empty", { query }));
    this.#mark();
  }

  #typed() {
    this.#active = "";
    this.refresh();
  }

  /** Marks the active entry; the focus stays in the search box. */
  #mark() {
    if (this.#targets.length === 0) set(this.input, { "aria-activedescendant": null });
    for (const option of this.list.querySelectorAll("[role=option]")) {
      const on = option.dataset.key === this.#active;
      set(option, { "aria-selected": on ? "true" : "false" });
      if (!on) continue;
      set(this.input, { "aria-activedescendant": option.id });
      option.scrollIntoView({ block: "nearest" });
    }
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
    if (event.key in steps && this.#targets.length) {
      event.preventDefault();
      this.#move(steps[event.key]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const active = this.#targets.find((target) => keyOf(target) === this.#active);
      if (event.shiftKey) return active && this.#star(active);
      this.#pick(this.#targets.find((target) => keyOf(target) === this.#active));
    }
  }

  /** Moves by some entries: single steps go round, pages stop at the ends. */
  #move(step) {
    const last = this.#targets.length - 1;
    const next = this.#targets.findIndex((target) => keyOf(target) === this.#active) + step;
    const round = Math.abs(step) === 1;
    const place = next < 0 ? (round ? last : 0) : next > last ? (round ? 0 : last) : next;
    this.#active = keyOf(this.#targets[place]);
    this.#mark();
  }

  #escape(event) {
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  #pressedOutside(target) {
    return this.isOpen && !this.node.contains(target) && !target.closest?.("[data-directory-button]");
  }

  #pick(target, mode) {
    if (!target?.enabled || !this.isOpen) return;
    this.#recents.add(target.sid);
    this.close();
    this.#choose(target, mode);
  }

  #groupView({ kind }) {
    const label = h("div", { class: "directory-label", id: uid("directory-group"), role: "presentation" }, labelOf(kind));
    const rows = h("div", { role: "presentation" });
    const node = h("div", { class: "directory-group", role: "group", "aria-labelledby": label.id }, label, rows);
    return { node, update: (group) => each(rows, group.targets, keyOf, (target) => optionView(target, { modes: this.#modes, pick: (...chosen) => this.#pick(...chosen), star: (chosen) => this.#star(chosen) })) };
  }

  /** A press of / comes to the search box, wherever the focus is that takes no text. */
  #slash(event) {
    if (event.key !== "/" || !this.isOpen || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    this.input.focus();
  }

  #star(target) {
    this.#favourites.toggle(target.sid);
    this.refresh();
  }

  /** One of the buttons that narrow the list to agents or queues. */
  #kindView(kind) {
    const words = { "": t("directory.all"), worker: t("directory.agents"), queue: t("directory.queues") }[kind];
    const press = () => {
      this.#kind = kind;
      this.#typed();
      this.input.focus();
    };
    const node = h("button", { class: "directory-kind", type: "button", onclick: press }, words);
    return { node, update: () => set(node, { "aria-pressed": this.#kind === kind ? "true" : "false" }) };
  }
}

/** The heading of a group of lines. */
function labelOf(kind) {
  return { favourite: t("directory.favourites"), recent: t("directory.recents"), worker: t("directory.agents"), queue: t("directory.queues") }[kind];
}

function optionView(target, { modes, pick, star }) {
  let current = target;
  // For the mouse; the keyboard has Shift and Enter.
  const favourite = h("span", {
    class: "directory-star", "aria-hidden": "true", 
    onclick: (event) => {
      event.stopPropagation();
      star(current);
    },
  }, "★");
  const go = modeIcons({ modes, pick: (mode) => pick(current, mode) });
  const face = h("span", { class: `avatar avatar-small avatar-${target.kind}`, "aria-hidden": "true" });
  face.append(target.kind === "queue" ? icon("queue") : initials(target.name));
  const name = h("span", { class: "directory-name" });
  const detail = h("span", { class: "directory-detail", id: uid("directory-why") });
  const node = h("div", {
    class: "directory-option", role: "option", id: uid("directory-option"), "data-key": keyOf(target), "aria-describedby": detail.id,
    onpointerdown: (event) => event.preventDefault(), // the focus stays in the search box
    onclick: () => pick(current),
  }, face, h("span", { class: "directory-text" }, name, detail), favourite, go.node);
  function update(next) {
    current = next;
    set(node, { "aria-disabled": next.enabled ? null : "true" });
    go.update();
    text(name, next.name);
    const on = next.group === "favourite";
    set(favourite, { "data-on": on, title: on ? t("directory.unfavour", { name: next.name }) : t("directory.favour", { name: next.name }) });
    text(detail, [next.enabled ? next.detail || t("directory.queueDetail") : why(next), ...about(next)].join(" · "));
  }
  return { node, update };
}

/** What else is known of a target: its team and skills, or how the queue stands. */
function about({ kind, team, skills, figures }) {
  if (kind === "worker") return [team, skills?.join(", ")].filter(Boolean);
  if (!figures) return [];
  const wait = figures.longestWait > 0 ? [t("directory.longest", { span: span(figures.longestWait * 1000) })] : [];
  return [t("directory.available", { n: figures.available }), t("directory.waiting", { n: figures.waiting }), ...wait];
}

function why(target) {
  const words = reason(target.reason, "");
  return target.detail ? t("directory.why", { detail: target.detail, reason: words }) : words;
}

function groups(targets) {
  const groupOf = (target) => target.group ?? target.kind;
  const kinds = [...new Set(targets.map(groupOf))];
  return kinds.map((kind) => ({ kind, targets: targets.filter((target) => groupOf(target) === kind) }));
}

function keyOf(target) {
  return target ? `${target.kind}:${target.sid}` : "";
}
