// The two things that can be done with a target, at the end of its line: bring it in, or hand over to it. They are for the
// mouse; who works by keyboard or screen reader chooses in the form that comes next.

import { h, set } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/** Makes the icons. modes() gives the rules' buttons {cold, warm}; pick(mode) is called for one that may be used. */
export function modeIcons({ modes, pick }) {
  const icons = [["warm", "invite", t("transfer.warmDetail")], ["cold", "transfer", t("transfer.coldDetail")]].map(([mode, image, title]) => iconOf({ mode, image, title, modes, pick }));
  const node = h("span", { class: "directory-modes", "aria-hidden": "true" }, icons.map((one) => one.node));
  return { node, update: () => icons.forEach((one) => one.update()) };
}

function iconOf({ mode, image, title, modes, pick }) {
  const node = h("span", { class: "directory-go", "data-mode": mode, title, onclick: press }, icon(image));
  const state = () => modes()[mode]?.state ?? "hidden";
  function press(event) {
    event.stopPropagation();
    if (state() === "enabled") pick(mode);
  }
  function update() {
    node.hidden = state() === "hidden";
    set(node, { "data-off": state() === "enabled" ? null : true });
  }
  return { node, update };
}
