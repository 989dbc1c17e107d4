// One agent of the demo, without a screen: their sign-in, the transfers they hear of, what they asked for, and the
// questions put to the rules. The records go to the rules as Twilio shapes them; no rule is computed here.

import { followTransfers } from "./transfers.js";
import { stage } from "./stage.js";
import { attributesOf } from "./store.js";

const TOKEN_SPARE_MS = 60_000;
const UNKNOWN_OUTCOME = new Set([0, 429, 500, 502, 503, 504]);

export class Agent {
  #store;
  #rules;
  #changed;
  #token = null;
  #unserved = new Map();
  #settings = null;
  #transfers = new Map();
  #requests = new Map(); // by task SID
  #screens = new Map(); // the last one of each task
  #stop = null;

  constructor({ workerSid, store, rules, changed }) {
    this.workerSid = workerSid;
    this.#store = store;
    this.#rules = rules;
    this.#changed = changed;
  }

  get worker() {
    return this.#store.get("worker", this.workerSid);
  }

  get name() {
    return this.#store.workerName(this.workerSid);
  }

  /** The agent's reservations, oldest first. */
  reservations() {
    return this.#store.reservationsOf(this.workerSid);
  }

  /** Follows the agent's transfers until stop is called. */
  start() {
    this.#stop ??= followTransfers({
      token: ({ expired }) => this.token(expired),
      hello: ({ settings }) => this.#learn(() => (this.#settings = settings)),
      transfer: (transfer) => this.#learn(() => this.#transfers.set(transfer.id, transfer)),
    });
  }

  stop() {
    this.#stop?.();
    this.#stop = null;
  }

  /** Forgets everything, as after a reset of the account. */
  forget() {
    this.#token = null;
    this.#transfers.clear();
    this.#requests.clear();
    this.#unserved.clear();
    this.#screens.clear();
    if (this.#stop) {
      this.stop();
      this.start();
    }
  }

  /** A Flex token of this agent; signs in anew shortly before the old one expires, or where that was refused. */
  async token(refused = false) {
    if (refused) this.#token = null;
    if (!this.#token || this.#token.until < Date.now()) {
      const promise = stage.token(this.workerSid);
      const entry = { promise, until: Infinity };
      this.#token = entry;
      promise.then(
        (answer) => (entry.until = Date.parse(answer.expires) - TOKEN_SPARE_MS || Infinity),
        () => this.#token === entry && (this.#token = null),
      );
    }
    return (await this.#token.promise).token;
  }

  /**
   * What the agent's screen shows about a task, as the rules say; null where there are no rules. While an instance of the
   * module is started anew it is what they said last, so that nothing flickers.
   */
  screen(task, query = "") {
    const screen = this.#rules.decide(this.#question(task, query))?.screen;
    if (screen) this.#screens.set(task.sid, screen);
    else if (this.#rules.state !== "ready") this.#screens.clear();
    return screen ?? this.#screens.get(task.sid) ?? null;
  }

  #question(task, query) {
    const channel = this.#store.channelOf(task);
    const reservation = this.reservations().findLast((one) => one.task_sid === task.sid);
    return {
      wire: 1,
      now: new Date().toISOString(),
      settings: this.#settings,
      worker: this.worker,
      roles: attributesOf(this.worker).roles ?? [],
      task: { ...task, reservation_status: reservation?.reservation_status ?? "" },
      channel: channel ?? null,
      participants: channel ? this.#store.participantsOf(channel.sid) : null,
      transfers: channel ? this.transfersOf(channel.sid) : [],
      requesting: this.#requests.has(task.sid),
      workers: this.#store.all("worker"),
      queues: this.#store.all("queue").map((queue) => ({ ...queue, unserved: this.#unserved.get(queue.sid) ?? false })),
      query,
    };
  }

  /** The transfers of a conversation, newest last. */
  transfersOf(channelSid) {
    return [...this.#transfers.values()]
      .filter((transfer) => transfer.interactionChannelSid === channelSid)
      .sort((a, b) => String(a.requestedAt).localeCompare(String(b.requestedAt)));
  }

  /** All transfers that this agent has heard of. */
  transfers() {
    return [...this.#transfers.values()];
  }

  /** Asks the backend for the directory, which also warms its facts; what queues no transfer reaches comes from there. */
  async warm(task) {
    const channel = this.#store.channelOf(task);
    const answer = await this.#dispatch("directory", {
      interactionSid: channel?.interaction_sid,
      interactionChannelSid: channel?.sid,
      taskSid: task.sid,
    });
    if (answer.status !== 200) return;
    this.#learn(() => {
      this.#settings = answer.body.settings ?? this.#settings;
      for (const queue of answer.body.queues ?? []) this.#unserved.set(queue.sid, Boolean(queue.unserved));
    });
  }

  /**
   * Asks for a cold transfer. One click is one idempotency key; pass the key of a click to try that click again. Returns
   * null if a request for the task is on its way, else {ok, body, key, uncertain}: uncertain means that the backend may
   * have taken it and the same key must be used to try again.
   */
  async transfer(task, target, key = crypto.randomUUID()) {
    const channel = this.#store.channelOf(task);
    if (!channel || this.#requests.has(task.sid)) return null;
    this.#learn(() => this.#requests.set(task.sid, key));
    const body = {
      wire: 1,
      rules: this.#rules.hash,
      mode: "cold",
      interactionSid: channel.interaction_sid,
      interactionChannelSid: channel.sid,
      taskSid: task.sid,
      target: { kind: target.kind, sid: target.sid },
    };
    const answer = await this.#dispatch("transfer", { idempotencyKey: key, body });
    const ok = answer.status >= 200 && answer.status < 300;
    this.#learn(() => {
      this.#requests.delete(task.sid);
      // The stream may have told more by now: then its word counts.
      if (ok && !this.#transfers.has(answer.body.id)) this.#transfers.set(answer.body.id, answer.body);
    });
    return { ok, body: answer.body ?? {}, key, uncertain: UNKNOWN_OUTCOME.has(answer.status) };
  }

  async #dispatch(name, input) {
    try {
      const token = await this.token();
      const answer = await this.#rules.dispatch(name, { token, ...input });
      if (answer.status === 401) this.#token = null;
      return answer;
    } catch (error) {
      return { status: 0, body: { code: error.code ?? "BACKEND_UNREACHABLE", message: error.message ?? "" } };
    }
  }

  #learn(change) {
    change();
    this.#changed();
  }
}
