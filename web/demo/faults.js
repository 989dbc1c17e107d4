// A small menu of accidents: what happens to the next invite that the backend sends, so that a visitor can watch it
// recover.

import { h, set, text } from "./dom.js";
import { icon } from "./icons.js";
import { stage } from "./stage.js";
import { t } from "./words.js";

const INVITES = { product: "flex-api", method: "POST", path: "*/Invites" };
const FAULTS = {
  none: null,
  lost: { kind: "lost_answer" },
  unavailable: { kind: "status", status: 503 },
  slow: { kind: "slow", delay_ms: 4000 },
};

/** Makes the menu. seen(traceEntry) tells it of a request, so that it knows when the accident has happened. */
export function faultsMenu({ failed }) {
  let armed = "none";
  const label = h("span");
  const button = h("button", {
    class: "button button-inverse button-small", type: "button", "aria-haspopup": "true", "aria-expanded": "false", "aria-controls": "faults-menu",
    onclick: () => open(panel.hidden),
  }, icon("bolt"), label, icon("chevron"));
  const choices = Object.keys(FAULTS).map((name) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "fault", value: name, checked: name === "none", onchange: () => arm(name) }),
    h("span", {}, h("span", { class: "choice-name" }, nameOf(name)), h("span", { class: "choice-detail" }, detailOf(name)))));
  const panel = h("fieldset", { class: "menu", id: "faults-menu", hidden: true }, h("legend", { class: "menu-title" }, t("faults.legend")), choices);
  const node = h("div", { class: "menu-anchor" }, button, panel);

  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    open(false);
    button.focus();
  });
  document.addEventListener("pointerdown", (event) => node.contains(event.target) || open(false));

  function open(on) {
    panel.hidden = !on;
    set(button, { "aria-expanded": on ? "true" : "false" });
    if (on) panel.querySelector("input:checked")?.focus();
  }

  async function arm(name) {
    const before = armed;
    show(name);
    try {
      await stage.setFaults(FAULTS[name] ? [{ match: INVITES, do: FAULTS[name], times: 1 }] : []);
    } catch (error) {
      show(before);
      failed(error);
    }
  }

  function show(name) {
    armed = name;
    for (const choice of choices) {
      const input = choice.firstChild;
      set(input, { checked: input.value === name });
    }
    text(label, name === "none" ? t("faults.button") : t("faults.armed", { name: nameOf(name) }));
    button.classList.toggle("is-armed", name !== "none");
  }

  function seen(entry) {
    if (armed !== "none" && entry.method === "POST" && entry.template?.endsWith(INVITES.path.slice(1))) show("none");
  }
  show("none");
  return { node, seen, reset: () => show("none") };
}

function nameOf(name) {
  return { none: t("faults.none"), lost: t("faults.lost"), unavailable: t("faults.unavailable"), slow: t("faults.slow") }[name];
}

function detailOf(name) {
  return { none: t("faults.noneDetail"), lost: t("faults.lostDetail"), unavailable: t("faults.unavailableDetail"), slow: t("faults.slowDetail") }[name];
}
