// Says once what has become of the agent's transfers, and who came and went.

import type { Desk } from "./desk";
import { show } from "./notices";
import { endText, joinedText } from "./progress";
import { reason, t } from "./texts";

const NEWS_MS = 60_000;

/** Follows the desk and announces; what ended before Flex was opened is no news. */
export class Announcer {
  #told = new Set<string>();

  constructor(private readonly desk: Desk) {
    desk.subscribe(() => this.look());
  }

  look(): void {
    this.#transfers();
    this.#departures();
    this.#notices();
  }

  #transfers(): void {
    const me = this.desk.store.worker.sid;
    for (const one of this.desk.transfers) {
      if (one.requestedBy !== me || !one.endedAt || !this.#isNews(one.id, one.endedAt)) continue;
      if (one.phase === "completed") show({ kind: "success", text: joinedText(one, (sid) => this.desk.nameOf(sid)) });
      else show({ kind: one.failure === "INVITE_WITHDRAWN" ? "info" : "error", text: endText(one) });
    }
  }

  #departures(): void {
    const me = this.desk.store.worker.sid;
    for (const { id, kind, phase, agent, requestedBy, endedAt, failure, failureMessage } of this.desk.departures) {
      if (phase === "leaving" || !endedAt || !this.#isNews(id, endedAt)) continue;
      const mine = requestedBy === me;
      if (phase === "failed") mine && show({ kind: "error", text: reason(failure, failureMessage) });
      else if (agent.workerSid === me) !mine && show({ kind: "info", text: t("notice.removed", { name: this.desk.nameOf(requestedBy) || requestedBy }) });
      else if (kind !== "end") show({ kind: "info", text: t("notice.left", { name: agent.name }) });
    }
  }

  #notices(): void {
    for (const task of this.desk.store.tasks) {
      const notice = this.desk.screen(task)?.notice;
      if (notice) this.tell(notice);
    }
  }

  /** Says the text of a reason, once. */
  tell(code: string): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    show({ kind: "info", text: reason(code) });
  }

  #isNews(id: string, endedAt: string): boolean {
    if (this.#told.has(id)) return false;
    this.#told.add(id);
    return Date.now() - Date.parse(endedAt) < NEWS_MS;
  }
}
