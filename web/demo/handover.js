// What is said with a transfer before it is asked for: hand over or bring in, when to leave, a reason, notes. Enter sends,
// Escape goes back to the directory. What is wrong with it is the rules' and the backend's affair.

import { each, h, set, text, uid } from "./dom.js";
import { icon } from "./icons.js";
import { label, reason, t } from "./words.js";

const DOUBLE_CLICK_MS = 350;
const NOTES_MAX = 2000; // where the settings are not known yet

export class Handover {
  #send;
  #back;
  #target = null;
  #opened = 0;

  /** send(choice) is called with {target, mode, leaveOn?, reason?, notes?}; back() when the agent goes back. */
  constructor({ send, back }) {
    this.#send = send;
    this.#back = back;
    this.title = h("h4", { class: "handover-title", id: uid("handover") });
    this.mode = choiceRow({ name: uid("mode"), legend: this.title.id, changed: () => this.refresh() });
    this.leave = choiceRow({ name: uid("leave"), words: t("transfer.leaveWhen") });
    this.reason = reasonField();
    this.notes = notesField();
    this.problem = h("p", { class: "handover-problem", role: "alert" });
    this.submit = h("button", { class: "button button-primary button-small", type: "submit" });
    this.node = this.#layOut();
  }

  #layOut() {
    const back = h("button", { class: "button button-secondary button-small", type: "button", onclick: () => this.#goBack() }, t("transfer.back"));
    return h("form", {
      class: "handover", role: "dialog", "aria-labelledby": this.title.id, hidden: true, novalidate: true,
      onkeydown: (event) => this.#key(event), onsubmit: (event) => this.#submitted(event),
    }, this.title, h("div", { class: "handover-fields" }, this.mode.node, this.leave.node, this.reason.node, this.notes.node), this.problem,
    h("div", { class: "handover-actions" }, back, this.submit));
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** Opens it for a target; how things stand comes with update. */
  open(target, mode) {
    this.#target = target;
    this.#opened = Date.now();
    this.mode.value = mode;
    this.leave.value = "";
    this.reason.clear();
    this.notes.clear();
    text(this.problem, "");
    this.node.hidden = false;
  }

  focus() {
    (this.reason.required ? this.reason.input : this.notes.input).focus();
  }

  close() {
    this.node.hidden = true;
    this.#target = null;
  }

  /** Shows what may be chosen now: the rules' buttons of both kinds, and the account's settings. */
  update(screen, settings) {
    if (!this.isOpen) return;
    this.screen = screen;
    this.settings = settings;
    this.refresh();
  }

  refresh() {
    const { screen, settings } = this;
    const modes = [["cold", t("transfer.button")], ["warm", t("transfer.invite")]].filter(([mode]) => screen?.[mode].state !== "hidden");
    this.mode.update(modes);
    const cold = this.mode.value === "cold";
    this.leave.update(cold && settings?.leave_on_choice ? [["invite", t("transfer.leaveNow")], ["accept", t("transfer.leaveOnAccept")]] : [], settings?.leave_on);
    this.reason.update(settings?.handover);
    this.notes.update(settings?.handover?.notes_max || NOTES_MAX);
    const values = { name: this.#target.name };
    text(this.title, cold ? t("transfer.toName", values) : t("transfer.inviteName", values));
    text(this.submit, cold ? t("transfer.button") : t("transfer.invite"));
    const state = screen?.[this.mode.value] ?? { state: "disabled", reason: "" };
    set(this.submit, { "aria-disabled": state.state === "enabled" ? null : "true" });
    this.#explain(state.state === "enabled" ? "" : reason(state.reason, ""));
  }

  #key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#goBack();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.target.closest("button")) {
      this.#submitted(event);
    }
  }

  #goBack() {
    this.close();
    this.#back();
  }

  #submitted(event) {
    event.preventDefault();
    // The second click of a double click in the directory is not meant for this form.
    if (!this.isOpen || (event.type === "submit" && Date.now() - this.#opened < DOUBLE_CLICK_MS)) return;
    if (this.submit.getAttribute("aria-disabled") === "true") return;
    if (this.reason.required && !this.reason.value) return this.#complain(reason("REASON_REQUIRED"), this.reason.input);
    if (this.notes.over) return this.#complain(reason("NOTES_TOO_LONG"), this.notes.input);
    const choice = { target: this.#target, mode: this.mode.value };
    if (this.leave.value) choice.leaveOn = this.leave.value;
    if (this.reason.value) choice.reason = this.reason.value;
    if (this.notes.value) choice.notes = this.notes.value;
    this.close();
    this.#send(choice);
  }

  /** Says why this kind of transfer is not to be had now; what was complained of stays otherwise. */
  #explain(why) {
    if (why || this.explained) text(this.problem, why);
    this.explained = why;
  }

  #complain(words, input) {
    text(this.problem, words);
    input.focus();
  }
}

/** One of a few values as a row of buttons; not there where there is only one. */
function choiceRow({ name, legend, words, changed = () => {} }) {
  const row = h("div", { class: "segments" });
  const heading = words && h("legend", { class: "label" }, words);
  const node = h("fieldset", { class: "field", "aria-labelledby": legend }, heading, row);
  let value = "";
  function pick(next) {
    value = next;
    for (const input of row.querySelectorAll("input")) set(input, { checked: input.value === value });
    changed();
  }
  function update(options, standard) {
    if (!options.some(([key]) => key === value)) value = options.some(([key]) => key === standard) ? standard : options[0]?.[0] ?? "";
    node.hidden = options.length < 2;
    each(row, options, ([key]) => key, ([key, said]) => {
      const input = h("input", { type: "radio", name, value: key, onchange: () => pick(key) });
      return { node: h("label", { class: "segment" }, input, h("span", {}, said)), update: () => set(input, { checked: key === value }) };
    });
  }
  return { node, update, get value() { return value; }, set value(next) { value = next; } };
}

function reasonField() {
  const input = h("select", { class: "select select-wide", id: uid("reason") });
  const node = h("div", { class: "field" }, h("label", { class: "label", for: input.id }, t("handover.reason")), input);
  function update(settings) {
    const reasons = settings?.reasons ?? [];
    field.required = Boolean(settings?.required) && reasons.length > 0;
    node.hidden = reasons.length === 0;
    set(input, { "aria-required": field.required ? "true" : null });
    const options = [{ code: "", said: field.required ? t("handover.choose") : t("handover.noReason") }, ...reasons.map((one) => ({ code: one.code, said: label(one) }))];
    each(input, options, (one) => one.code, ({ code }) => {
      const option = h("option");
      option.setAttribute("value", code); // also the empty one, which would have its text for a value otherwise
      return { node: option, update: ({ said }) => text(option, said) };
    });
  }
  const field = { node, input, update, required: false, clear: () => (input.value = ""), get value() { return input.value; } };
  return field;
}

function notesField() {
  const count = h("span", { class: "handover-count", id: uid("left") });
  const input = h("textarea", {
    class: "input handover-notes", id: uid("notes"), rows: "2", placeholder: t("handover.notesHint"), "aria-describedby": count.id, oninput: show,
  });
  const node = h("div", { class: "field" }, h("div", { class: "handover-line" }, h("label", { class: "label", for: input.id }, t("handover.notes")), count), input);
  let most = NOTES_MAX;
  const left = () => most - [...input.value.trim()].length;
  function show() {
    const n = left();
    text(count, n < 0 ? t("handover.notesOver", { n: -n }) : t("handover.notesLeft", { n }));
    count.classList.toggle("is-over", n < 0);
    set(input, { "aria-invalid": n < 0 ? "true" : null });
  }
  function update(limit) {
    most = limit;
    show();
  }
  function clear() {
    input.value = "";
    show();
  }
  return { node, input, update, clear, get value() { return input.value.trim(); }, get over() { return left() < 0; } };
}
