// The transfer button: its state and the reason for it come from the rules. A button that cannot be used keeps its place
// in the tab order and says why, to the eye on focus and hover and to a screen reader as its description.

import { h, set, text, uid } from "./dom.js";
import { icon } from "./icons.js";
import { reason, t } from "./words.js";

/** Makes the button. press() is called when it may be used. update(button, isOpen) takes the rules' word; null hides it. */
export function transferButton({ press }) {
  const whyId = uid("transfer-why");
  const words = h("span", {}, t("transfer.button"));
  const spinner = h("span", { class: "spinner", "aria-hidden": "true", hidden: true });
  const image = icon("transfer");
  const button = h("button", {
    class: "button button-primary button-small", type: "button", "aria-haspopup": "dialog", "data-directory-button": true,
    onclick: () => button.getAttribute("aria-disabled") !== "true" && press(),
  }, spinner, image, words);
  const why = h("span", { class: "tooltip", role: "tooltip", id: whyId, hidden: true });
  const node = h("span", { class: "transfer", hidden: true }, button, why);

  function update(state, isOpen) {
    const shown = state && state.state !== "hidden";
    node.hidden = !shown;
    if (!shown) return;
    const usable = state.state === "enabled";
    const busy = state.state === "busy";
    const text_ = usable ? "" : reason(state.reason, "");
    set(button, {
      "aria-disabled": usable ? null : "true", "aria-busy": busy ? "true" : null, "aria-expanded": isOpen ? "true" : "false",
      "aria-describedby": text_ ? whyId : null, "data-state": state.state,
    });
    spinner.hidden = !busy;
    image.classList.toggle("is-gone", busy);
    why.hidden = !text_;
    text(why, text_);
  }
  return { node, button, update };
}
