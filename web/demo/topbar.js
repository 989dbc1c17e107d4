// The page's head: what this is, whether it is live, the faults and the way back to the beginning.

import { h, set, text } from "./dom.js";
import { faultsMenu } from "./faults.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/** Makes the bar. reset() is called for the button; failed(error) when the stage refuses something. */
export function topbar({ reset, failed }) {
  const words = h("span");
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const status = h("p", { class: "live", role: "status" }, dot, words);
  const faults = faultsMenu({ failed });
  const again = h("button", { class: "button button-inverse button-small", type: "button", onclick: press }, icon("reset"), t("top.reset"));
  const node = h("header", { class: "topbar" },
    h("span", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }, icon("transfer")), h("h1", { class: "brand-name" }, t("top.title"))),
    h("span", { class: "brand-note" }, t("top.note")), h("div", { class: "topbar-tools" }, status, faults.node, again));

  async function press() {
    if (again.getAttribute("aria-busy") === "true") return;
    set(again, { "aria-busy": "true" });
    try {
      await reset();
      faults.reset();
    } catch (error) {
      failed(error);
    }
    set(again, { "aria-busy": null });
  }

  /** Shows the state of the stream: connecting, live or reconnecting. */
  function state(name) {
    const known = { connecting: t("live.connecting"), live: t("live.live"), reconnecting: t("live.reconnecting") };
    text(words, known[name]);
    set(status, { class: `live live-${name}` });
  }
  state("connecting");
  return { node, state, seen: faults.seen };
}
