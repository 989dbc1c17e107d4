// One line of the trace, and the heads of its columns.

import { h } from "./dom.js";
import { exact, millis } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const SID = /\b([A-Z]{2}[0-9a-f]{5})[0-9a-f]{27}\b/g;

/** The heads of the columns. */
export function traceColumns() {
  const names = {
    time: t("trace.colTime"), by: t("trace.colBy"), method: t("trace.colMethod"), path: t("trace.colPath"),
    status: t("trace.colStatus"), ms: t("trace.colMs"), what: t("trace.colWhat"),
  };
  return h("thead", {}, h("tr", {}, Object.entries(names).map(([name, words]) => h("th", { scope: "col", class: `col-${name}` }, words))));
}

/** Whether a request only reads. */
export function isRead(entry) {
  return !entry.out && entry.method === "GET";
}

/** The view of an entry; entries never change. */
export function traceRow(entry) {
  const what = whatOf(entry);
  const node = h("tr", { class: entry.out ? "trace-out" : isRead(entry) ? "trace-read" : "trace-write" },
    h("td", { class: "col-time" }, exact(entry.at)),
    h("td", { class: "col-by" }, h("span", { class: "trace-by" }, icon(entry.out ? "out" : "into"), byWords(entry))),
    h("td", { class: "col-method" }, h("span", { class: `method method-${entry.out ? "hook" : entry.method.toLowerCase()}` }, entry.method)),
    h("td", { class: "col-path", title: entry.path }, h("span", { class: "trace-product" }, entry.product), short(entry.path.replace(/^https?:\/\/[^/]+/, ""))),
    h("td", { class: "col-status" }, h("span", { class: `status status-${statusClass(entry.status)}` }, entry.status ? String(entry.status) : t("trace.noAnswer"))),
    h("td", { class: "col-ms" }, millis(entry.duration_ms)),
    h("td", { class: "col-what", title: what }, short(what)));
  return { node };
}

function whatOf(entry) {
  const summary = entry.out ? [entry.template, entry.summary].filter(Boolean).join(" · ") : entry.summary ?? "";
  return entry.code ? `${entry.code} ${summary}` : summary;
}

/** The same text with its SIDs cut to what tells them apart. */
function short(words) {
  return words.replace(SID, "$1…");
}

function byWords(entry) {
  if (entry.out) return t("trace.byTwilio");
  return entry.by ? t("trace.byBackend") : t("trace.byUnknown");
}

function statusClass(status) {
  if (!status) return "lost";
  return status < 300 ? "ok" : status < 500 ? "refused" : "broken";
}
