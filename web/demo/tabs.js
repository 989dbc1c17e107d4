// Tabs over a conversation, by the tabs pattern: the arrows move between them, only the chosen one is in the tab order.

import { h, set, text, uid } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

/** Makes the tabs: items are {key, words, panel}; a panel is a node. label names the list; badge(key, count, spoken) sets a count. */
export function tabs({ label, items }) {
  let chosen = items[0].key;
  const views = items.map((item) => tabOf(item, () => choose(item.key)));
  const node = h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move }, views.map((view) => view.node));

  function choose(key, refocus = false) {
    chosen = key;
    for (const view of views) view.mark(view.key === key);
    if (refocus) views.find((view) => view.key === key).node.focus();
  }

  function move(event) {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const at = views.findIndex((view) => view.key === chosen) + STEPS[event.key];
    const last = views.length - 1;
    const ends = Number.isFinite(STEPS[event.key]) ? (at + views.length) % views.length : Math.min(last, Math.max(0, at));
    choose(views[ends].key, true);
  }

  choose(chosen);
  return { node, choose, badge: (key, count, spoken) => views.find((view) => view.key === key).badge(count, spoken) };
}

function tabOf({ key, words, panel }, press) {
  const count = h("span", { class: "tab-badge", "aria-hidden": "true", hidden: true });
  const spoken = h("span", { class: "visually-hidden" });
  const node = h("button", { class: "tab", type: "button", role: "tab", id: uid("tab"), "aria-controls": panel.id, onclick: press }, h("span", {}, words), count, spoken);
  set(panel, { role: "tabpanel", "aria-labelledby": node.id });

  function mark(on) {
    set(node, { "aria-selected": on ? "true" : "false", tabindex: on ? "0" : "-1" });
    panel.hidden = !on;
  }

  function badge(n, said) {
    count.hidden = !n;
    text(count, String(n));
    text(spoken, n ? `, ${said}` : "");
  }
  return { key, node, mark, badge };
}
