// A question over one desk: what would happen, and whether it should. The rest of the page stays usable; within the desk
// the focus stays on the question, Escape says no, and the focus goes back to where it was.

import { h, set, text, uid } from "./dom.js";
import { t } from "./words.js";

/** Makes the question. ask({title, words, yes}) resolves to whether it was answered with yes. */
export function confirmation() {
  const title = h("h4", { class: "confirm-title", id: uid("confirm") });
  const words = h("p", { class: "confirm-text", id: uid("confirm-text") });
  const no = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => answer(false) }, t("transfer.back"));
  const yes = h("button", { class: "button button-destructive button-small", type: "button", onclick: () => answer(true) });
  const card = h("div", { class: "confirm-card" }, title, words, h("div", { class: "confirm-actions" }, no, yes));
  const node = h("div", {
    class: "confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": title.id, "aria-describedby": words.id, hidden: true, onkeydown: key,
  }, card);
  let settle = null;
  let before = null;

  function ask(question) {
    answer(false);
    text(title, question.title);
    text(words, question.words);
    text(yes, question.yes);
    before = document.activeElement;
    node.hidden = false;
    no.focus();
    return new Promise((resolve) => (settle = resolve));
  }

  function answer(is) {
    if (!settle) return;
    const resolve = settle;
    settle = null;
    node.hidden = true;
    if (before?.isConnected) before.focus();
    resolve(is);
  }

  function key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      answer(false);
    } else if (event.key === "Tab") {
      event.preventDefault();
      (document.activeElement === no ? yes : no).focus();
    }
  }
  set(node, { "data-confirm": true });
  return { node, ask, dismiss: () => answer(false), get isOpen() { return settle !== null; } };
}
