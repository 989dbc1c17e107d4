// Who is in a conversation and who has been invited. Who may be removed and which invite may be canceled, and why not, is
// the rules' word.

import { each, h, set, text, uid } from "./dom.js";
import { initials, span } from "./format.js";
import { icon } from "./icons.js";
import { ruleButton } from "./rulebutton.js";
import { ticker } from "./ticker.js";
import { t } from "./words.js";

/** Makes the panel. remove(participant) and cancel(invite) are called for the buttons; isPressed(what) tells of requests under way. */
export function peoplePanel({ remove, cancel, isPressed }) {
  const list = h("ul", { class: "people", "aria-label": t("people.title") });
  const title = h("h5", { class: "people-title", id: uid("invites") }, t("invites.title"));
  const invited = h("ul", { class: "people", "aria-labelledby": title.id });
  const outstanding = h("div", { class: "people-invited", hidden: true }, title, invited);
  const node = h("div", { class: "panel panel-people", id: uid("panel") }, list, outstanding);

  function update(screen, customer) {
    const people = (screen?.participants ?? []).map((one) => ({ ...one, name: one.name || customer }));
    each(list, people, (one) => one.sid, () => personView({ remove, isPressed }));
    const invites = screen?.invites ?? [];
    outstanding.hidden = invites.length === 0;
    each(invited, invites, (one) => one.transferId, () => inviteView({ cancel, isPressed }));
  }
  return { node, update };
}

function personView({ remove, isPressed }) {
  let current = null;
  const face = h("span", { class: "avatar avatar-small", "aria-hidden": "true" });
  const name = h("span", { class: "people-name" });
  const role = h("span", { class: "people-role" });
  const button = ruleButton({ look: "button-secondary", press: () => remove(current) });
  const node = h("li", { class: "person" }, face, h("span", { class: "people-text" }, name, role), button.node);
  function update(one) {
    current = one;
    set(node, { "data-participant": one.sid, class: `person${one.leaving ? " is-leaving" : ""}` });
    set(face, { class: `avatar avatar-small avatar-${one.type}` });
    text(face, initials(one.name));
    text(name, one.me ? t("people.me", { name: one.name }) : one.name);
    text(role, one.leaving ? t("people.leaving") : roleWords(one.type));
    button.update(one.remove, { words: t("people.remove"), label: t("people.removeName", { name: one.name }), waiting: isPressed(one.sid) });
  }
  return { node, update };
}

function roleWords(type) {
  if (type === "agent") return t("people.agent");
  return type === "supervisor" ? t("people.supervisor") : t("people.customer");
}

/** An invite: how long it has been out, and how long it still will be. */
function inviteView({ cancel, isPressed }) {
  let current = null;
  const face = h("span", { class: "avatar avatar-small", "aria-hidden": "true" });
  const name = h("span", { class: "people-name" });
  const by = h("span", { class: "people-role" });
  const times = h("span", { class: "people-role people-times" });
  const button = ruleButton({ look: "button-secondary", press: () => cancel(current) });
  const node = h("li", { class: "person" }, face, h("span", { class: "people-text" }, name, by, times), button.node);
  const clock = ticker(() => current && text(times, timesOf(current)));
  let kind = "";
  function update(invite) {
    current = invite;
    set(node, { "data-invite": invite.transferId });
    if (kind !== invite.target.kind) face.replaceChildren((kind = invite.target.kind) === "queue" ? icon("queue") : initials(invite.target.name));
    set(face, { class: `avatar avatar-small avatar-${invite.target.kind}` });
    text(name, invite.target.name);
    text(by, invite.mine ? t("invites.byYou") : t("invites.by", { name: invite.by }));
    const words = invite.phase === "withdrawing" ? t("invites.canceling") : t("invites.cancel");
    button.update(invite.cancel, { words, label: t("invites.cancelName", { name: invite.target.name }), waiting: isPressed(invite.transferId) });
    clock.run(true);
  }
  return { node, update, gone: () => clock.run(false) };
}

function timesOf(invite) {
  const age = t("invites.since", { span: span(Date.now() - Date.parse(invite.since)) });
  const left = invite.deadline ? Date.parse(invite.deadline) - Date.now() : 0;
  return left > 0 ? `${age} · ${t("invites.left", { span: span(left) })}` : age;
}
