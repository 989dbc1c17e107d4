// What an agent asks for in a conversation: transfers, cancels, leaving, ending, removing. Each asks first where that is
// due, names what will happen, and says what went wrong.

import { locale, reason, t } from "./words.js";

export class Deeds {
  #agent;
  #question;
  #notices;

  constructor({ agent, question, notices }) {
    this.#agent = agent;
    this.#question = question;
    this.#notices = notices;
  }

  /** Asks for a transfer. The key is that of an earlier click that is tried again. */
  async transfer({ task }, choice, key) {
    const result = await this.#agent.transfer(task, choice, key);
    this.#complain(result, () => this.transfer({ task }, choice, result.key));
  }

  /** Takes an invite back, given any view of its transfer. */
  async cancel(entry, { transferId }) {
    this.#complain(await this.#agent.cancel(entry.task, transferId), () => this.cancel(entry, { transferId }));
  }

  /** Leaves or ends the conversation, as the rules have it. */
  async exit(entry) {
    const { kind } = entry.screen.exit;
    const yes = await this.#question.ask(exitQuestion(entry));
    if (yes) await this.#depart(entry, kind);
  }

  /** Removes another agent. */
  async remove(entry, { sid, name }) {
    const yes = await this.#question.ask({ title: t("people.removeTitle", { name }), words: t("people.removeText", { name }), yes: t("people.remove") });
    if (yes) await this.#depart(entry, "remove", sid);
  }

  async #depart(entry, kind, participantSid) {
    this.#complain(await this.#agent.depart(entry.task, kind, participantSid), () => this.#depart(entry, kind, participantSid));
  }

  #complain(result, again) {
    if (!result || result.ok) return;
    const action = result.uncertain ? { label: t("notice.retry"), run: again } : undefined;
    this.#notices.show({ kind: "error", text: reason(result.body.code, result.body.message), action });
  }
}

/** What happens when the agent goes: who goes on, who is waited for, or that it is over for everybody. */
function exitQuestion({ screen }) {
  if (screen.exit.kind === "end") return { title: t("exit.endTitle"), words: t("exit.endText"), yes: t("desk.end") };
  const others = screen.participants.filter((one) => one.type === "agent" && !one.me && !one.leaving).map((one) => one.name);
  const asked = screen.invites.map((one) => one.target.name);
  const words = others.length ? t("exit.leaveText", { names: listOf(others) }) : t("exit.leaveInvited", { names: listOf(asked) });
  return { title: t("exit.leaveTitle"), words, yes: t("desk.leave") };
}

function listOf(names) {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(names);
}
