// A button whose state and reason come from the rules. One that cannot be used keeps its place in the tab order and says
// why, to the eye on focus and hover and to a screen reader as its description.

import { h, set, text, uid } from "./dom.js";
import { icon } from "./icons.js";
import { reason } from "./words.js";

/**
 * Makes the button. press(button) is called when it may be used; look is its class, more are further attributes.
 * update(state, {words, label, waiting, more}) takes the rules' {state, reason}: null hides it; waiting says that its own request
 * is on its way.
 */
export function ruleButton({ press, look, image, more = {} }) {
  const whyId = uid("why");
  const words = h("span");
  const spinner = h("span", { class: "spinner", "aria-hidden": "true", hidden: true });
  const picture = image && icon(image);
  const button = h("button", {
    class: `button button-small ${look}`, type: "button", ...more,
    onclick: () => button.getAttribute("aria-disabled") !== "true" && press(button),
  }, spinner, picture, words);
  const why = h("span", { class: "tooltip", role: "tooltip", id: whyId, hidden: true });
  const node = h("span", { class: "hinted", hidden: true }, button, why);

  function update(state, { words: said = "", label = null, waiting = false, more: props = {} } = {}) {
    node.hidden = !state || state.state === "hidden";
    if (node.hidden) return;
    const usable = state.state === "enabled" && !waiting;
    const busy = state.state === "busy" || waiting;
    const explained = usable || waiting ? "" : reason(state.reason, "");
    set(button, {
      "aria-disabled": usable ? null : "true", "aria-busy": busy ? "true" : null, "aria-label": label,
      "aria-describedby": explained ? whyId : null, "data-state": busy ? "busy" : state.state, ...props,
    });
    spinner.hidden = !busy;
    picture?.classList.toggle("is-gone", busy);
    text(words, said);
    why.hidden = !explained;
    text(why, explained);
  }
  return { node, button, update };
}
