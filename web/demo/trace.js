// The live trace of what reached "Twilio": the backend's requests, and Twilio's webhooks to the backend.

import { each, h, set, text } from "./dom.js";
import { exact, millis } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const KEEP = 300;
const SID = /\b([A-Z]{2}[0-9a-f]{5})[0-9a-f]{27}\b/g;

/** Makes the pane. add(entry) takes a new entry, replace(entries) all. */
export function trace() {
  let entries = [];
  let held = [];
  let paused = false;
  let scheduled = false;
  const filters = { reads: toggle("trace.reads", true), webhooks: toggle("trace.webhooks", true) };
  const pause = h("button", { class: "button button-quiet button-small", type: "button", onclick: () => setPaused(!paused) });
  const clear = h("button", { class: "button button-quiet button-small", type: "button", onclick: empty }, icon("trash"), t("trace.clear"));
  const fold = h("button", { class: "button button-quiet button-icon button-small", type: "button", "aria-label": t("trace.fold"), onclick: () => setFolded(!folded()) }, icon("chevron"));
  const count = h("span", { class: "trace-count" });
  const rows = h("tbody");
  const none = h("p", { class: "trace-empty" });
  const table = h("table", { class: "trace-table" },
    h("caption", { class: "visually-hidden" }, t("trace.title")),
    h("thead", {}, h("tr", {}, ["time", "by", "method", "path", "status", "ms", "what"].map((name) => h("th", { scope: "col", class: `col-${name}` }, columnName(name))))), rows);
  const scroll = h("div", { class: "trace-scroll", tabindex: "0", role: "region", "aria-label": t("trace.title") }, table, none);
  const node = h("section", { class: "trace", "aria-label": t("trace.label") },
    h("header", { class: "trace-head" }, h("h2", { class: "trace-title" }, t("trace.title")), count, h("div", { class: "trace-tools" },
      filters.reads.node, filters.webhooks.node, pause, clear, fold)), scroll);

  function toggle(key, on) {
    const box = h("input", { type: "checkbox", class: "checkbox", checked: on, onchange: () => render() });
    const words = key === "trace.reads" ? t("trace.reads") : t("trace.webhooks");
    return { box, node: h("label", { class: "check" }, box, words) };
  }

  const folded = () => node.classList.contains("is-folded");

  function setFolded(on) {
    node.classList.toggle("is-folded", on);
    set(fold, { "aria-expanded": on ? "false" : "true" });
    document.documentElement.classList.toggle("trace-folded", on);
  }

  function setPaused(on) {
    paused = on;
    if (!on) {
      entries = [...entries, ...held].slice(-KEEP);
      held = [];
    }
    render();
  }

  function empty() {
    entries = [];
    held = [];
    render();
  }

  function add(entry) {
    if (paused) held.push(entry);
    else entries = [...entries.slice(1 - KEEP), entry];
    later();
  }

  function replace(list) {
    entries = [...list].slice(-KEEP);
    held = [];
    later();
  }

  function later() {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      render();
    }, 0);
  }

  function render() {
    const shown = entries.filter((entry) => (filters.reads.box.checked || !isRead(entry)) && (filters.webhooks.box.checked || !entry.out));
    each(rows, shown.toReversed(), (entry) => entry.id, row);
    pause.replaceChildren(icon(paused ? "play" : "pause"), paused ? t("trace.resume") : t("trace.pause"));
    set(pause, { "aria-pressed": paused ? "true" : "false" });
    text(count, paused && held.length ? t("trace.held", { n: held.length }) : t("trace.count", { n: shown.length }));
    none.hidden = shown.length > 0;
    table.hidden = shown.length === 0;
    text(none, t("trace.empty"));
  }
  setFolded(false);
  render();
  return { node, add, replace, entries: () => entries };
}

function columnName(name) {
  return {
    time: t("trace.colTime"), by: t("trace.colBy"), method: t("trace.colMethod"), path: t("trace.colPath"),
    status: t("trace.colStatus"), ms: t("trace.colMs"), what: t("trace.colWhat"),
  }[name];
}

function isRead(entry) {
  return !entry.out && entry.method === "GET";
}

function row(entry) {
  const path = h("td", { class: "col-path", title: entry.path }, h("span", { class: "trace-product" }, entry.product), pathOf(entry));
  const node = h("tr", { class: entry.out ? "trace-out" : isRead(entry) ? "trace-read" : "trace-write" },
    h("td", { class: "col-time" }, exact(entry.at)),
    h("td", { class: "col-by" }, h("span", { class: "trace-by" }, icon(entry.out ? "out" : "into"), byWords(entry))),
    h("td", { class: "col-method" }, h("span", { class: `method method-${entry.out ? "hook" : entry.method.toLowerCase()}` }, entry.method)),
    path,
    h("td", { class: "col-status" }, h("span", { class: `status status-${statusClass(entry.status)}` }, entry.status ? String(entry.status) : t("trace.noAnswer"))),
    h("td", { class: "col-ms" }, millis(entry.duration_ms)),
    h("td", { class: "col-what", title: whatOf(entry) }, short(whatOf(entry))));
  return { node };
}

function whatOf(entry) {
  const summary = entry.out ? [entry.template, entry.summary].filter(Boolean).join(" · ") : entry.summary ?? "";
  return entry.code ? `${entry.code} ${summary}` : summary;
}

function pathOf(entry) {
  return short(entry.path.replace(/^https?:\/\/[^/]+/, ""));
}

/** The same text with its SIDs cut to what tells them apart. */
function short(words) {
  return words.replace(SID, "$1…");
}

function byWords(entry) {
  if (entry.out) return t("trace.byTwilio");
  return entry.by || entry.product === "iam" ? t("trace.byBackend") : t("trace.byUnknown");
}

function statusClass(status) {
  if (!status) return "lost";
  return status < 300 ? "ok" : status < 500 ? "refused" : "broken";
}
