// The live trace of what reached "Twilio": the backend's requests, and Twilio's webhooks to the backend.

import { each, h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { isRead, traceColumns, traceRow } from "./tracerow.js";
import { t } from "./words.js";

const KEEP = 300;

export class Trace {
  #entries = [];
  #held = [];
  #paused = false;
  #scheduled = false;

  constructor() {
    this.reads = this.#filter(true);
    this.webhooks = this.#filter(false); // there are many of them: they would bury the requests
    this.pause = h("button", { class: "button button-quiet button-small", type: "button", onclick: () => this.#setPaused(!this.#paused) });
    this.fold = h("button", { class: "button button-quiet button-icon button-small", type: "button", "aria-label": t("trace.fold"), "aria-expanded": "true", onclick: () => this.#toggleFold() }, icon("chevron"));
    this.count = h("span", { class: "trace-count" });
    this.rows = h("tbody");
    this.none = h("p", { class: "trace-empty" }, t("trace.empty"));
    this.table = h("table", { class: "trace-table" }, h("caption", { class: "visually-hidden" }, t("trace.title")), traceColumns(), this.rows);
    this.node = this.#layOut();
    this.#render();
  }

  #layOut() {
    const clear = h("button", { class: "button button-quiet button-small", type: "button", onclick: () => this.replace([]) }, icon("trash"), t("trace.clear"));
    const scroll = h("div", { class: "trace-scroll", tabindex: "0", role: "region", "aria-label": t("trace.title") }, this.table, this.none);
    return h("section", { class: "trace", "aria-label": t("trace.label") },
      h("header", { class: "trace-head" }, h("h2", { class: "trace-title" }, t("trace.title")), this.count,
        h("div", { class: "trace-tools" }, this.reads.node, this.webhooks.node, this.pause, clear, this.fold)), scroll);
  }

  #filter(checked) {
    const box = h("input", { type: "checkbox", class: "checkbox", checked, onchange: () => this.#render() });
    const words = h("span");
    return { box, words, node: h("label", { class: "check" }, box, words) };
  }

  /** Takes a new entry; while paused it is held back. */
  add(entry) {
    if (this.#paused) this.#held.push(entry);
    else this.#entries = [...this.#entries.slice(1 - KEEP), entry];
    this.#later();
  }

  /** Replaces all entries. */
  replace(entries) {
    this.#entries = entries.slice(-KEEP);
    this.#held = [];
    this.#later();
  }

  #setPaused(on) {
    this.#paused = on;
    if (!on) this.#entries = [...this.#entries, ...this.#held.splice(0)].slice(-KEEP);
    this.#render();
  }

  #toggleFold() {
    const folded = this.node.classList.toggle("is-folded");
    set(this.fold, { "aria-expanded": folded ? "false" : "true" });
  }

  /** Many entries at once are drawn once. */
  #later() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#render();
    }, 0);
  }

  #render() {
    const shown = this.#entries.filter((entry) => (this.reads.box.checked || !isRead(entry)) && (this.webhooks.box.checked || !entry.out));
    each(this.rows, shown.toReversed(), (entry) => entry.id, traceRow);
    this.pause.replaceChildren(icon(this.#paused ? "play" : "pause"), this.#paused ? t("trace.resume") : t("trace.pause"));
    set(this.pause, { "aria-pressed": this.#paused ? "true" : "false" });
    text(this.count, this.#held.length ? t("trace.held", { n: this.#held.length }) : t("trace.count", { n: shown.length }));
    text(this.reads.words, t("trace.reads", { n: this.#entries.filter(isRead).length }));
    text(this.webhooks.words, t("trace.webhooks", { n: this.#entries.filter((entry) => entry.out).length }));
    this.none.hidden = shown.length > 0;
    this.table.hidden = shown.length === 0;
  }
}
