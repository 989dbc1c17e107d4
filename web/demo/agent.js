// One agent of the demo, without a screen: their sign-in, the transfers they hear of, what they asked for, and the
// questions put to the rules. The records go to the rules as Twilio shapes them; no rule is computed here.

import { Kept, sourceOf } from "./directorysource.js";
import { followTransfers } from "./transfers.js";
import { stage } from "./stage.js";
import { attributesOf } from "./store.js";

const TOKEN_SPARE_MS = 60_000;
const MANY = 500; // workers
const UNKNOWN_OUTCOME = new Set([0, 429, 500, 502, 503, 504]);

export class Agent {
  #store;
  #rules;
  #changed;
  #reconfigured;
  #token = null;
  #unserved = new Map();
  #settings = null;
  #transfers = new Map();
  #departures = new Map();
  #requests = new Map(); // transfers asked for, by task SID
  #pressed = new Set(); // cancels and departures asked for, by what they are about
  #screens = new Map(); // the last one of each task
  #stop = null;

  /** changed() is called when the agent has learnt of something, reconfigured() when that is new settings. */
  constructor({ workerSid, store, rules, changed, reconfigured = () => {} }) {
    this.workerSid = workerSid;
    this.#store = store;
    this.#rules = rules;
    this.#changed = changed;
    this.#reconfigured = reconfigured;
    this.favourites = new Kept("favourites", workerSid);
    this.recents = new Kept("recents", workerSid);
  }

  get worker() {
    return this.#store.get("worker", this.workerSid);
  }

  /** The account's settings as the backend told them last; null before. */
  get settings() {
    return this.#settings;
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
      hello: (data) => this.#configure(data),
      settings: (data) => {
        this.#configure(data);
        this.#reconfigured();
      },
      transfer: (transfer) => this.#learn(() => this.#transfers.set(transfer.id, transfer)),
      departure: (departure) => this.#learn(() => this.#departures.set(departure.id, departure)),
      worker: (worker) => sourceOf(this.#rules).update("workers", worker),
      queue: (queue) => sourceOf(this.#rules).update("queues", queue),
    });
  }

  /** Takes the settings in; the module is asked to be that of the backend's rules. */
  #configure({ settings, rules }) {
    this.#rules.expect(rules);
    this.#learn(() => (this.#settings = settings));
  }

  stop() {
    this.#stop?.();
    this.#stop = null;
  }

  /** Forgets everything, as after a reset of the account. */
  forget() {
    this.#token = null;
    this.#transfers.clear();
    this.#departures.clear();
    this.#requests.clear();
    this.#pressed.clear();
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

  /** The directory's lines for a query, {query, kind, limit}: {lines, total}. Where it is not there yet, what the rules know. */
  find(task, query) {
    const kept = { favourites: this.favourites.all(), recents: this.recents.all() };
    const found = sourceOf(this.#rules).find(this.#question(task, ""), { ...query, ...kept });
    if (found) return found;
    const lines = (this.screen(task, query.query)?.targets ?? []).filter((line) => !query.kind || line.kind === query.kind);
    return { lines, total: lines.length };
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
      departures: channel ? this.departuresOf(channel.sid) : [],
      requesting: this.#requests.has(task.sid),
      workers: this.#workersOf(channel),
      queues: this.#store.all("queue").map((queue) => ({ ...queue, unserved: this.#unserved.get(queue.sid) ?? false })),
      query,
    };
  }

  /** All workers; of very many only those in the conversation: the directory has the others. */
  #workersOf(channel) {
    const all = this.#store.all("worker");
    if (all.length <= MANY) return all;
    const sids = this.#store.participantsOf(channel?.sid).map((one) => one.routing_properties?.worker_sid);
    return all.filter((worker) => sids.includes(worker.sid));
  }

  /** The transfers of a conversation, newest last. */
  transfersOf(channelSid) {
    return [...this.#transfers.values()]
      .filter((transfer) => transfer.interactionChannelSid === channelSid)
      .sort((a, b) => String(a.requestedAt).localeCompare(String(b.requestedAt)));
  }

  /** Who leaves a conversation and who has left it, as far as this agent has heard. */
  departuresOf(channelSid) {
    return [...this.#departures.values()].filter((departure) => departure.interactionChannelSid === channelSid);
  }

  /** All departures that this agent has heard of. */
  departures() {
    return [...this.#departures.values()];
  }

  /** All transfers that this agent has heard of. */
  transfers() {
    return [...this.#transfers.values()];
  }

  /** Asks the backend for the directory, which also warms its facts; what queues no transfer reaches comes from there. */
  async warm(task) {
    const channel = this.#store.channelOf(task);
    this.token().then((token) => sourceOf(this.#rules).load(token)).then(() => this.#changed(), () => {}); // the rules' list stays then
    const answer = await this.#dispatch("directory", {
      interactionSid: channel?.interaction_sid,
      interactionChannelSid: channel?.sid,
      taskSid: task.sid,
    });
    if (answer.status !== 200) return;
    this.#learn(() => {
      this.#settings = answer.body.settings ?? this.#settings;
      for (const queue of answer.body.queues ?? []) {
        this.#unserved.set(queue.sid, Boolean(queue.unserved));
        sourceOf(this.#rules).update("queues", queue); // with its figures
      }
    });
  }

  /**
   * Asks for a transfer: choice is {target, mode, leaveOn?, reason?, notes?}. One click is one idempotency key; pass the key
   * of a click to try that click again. Returns null if a request for the task is on its way, else {ok, body, key,
   * uncertain}: uncertain means that the backend may have taken it and the same key must be used to try again.
   */
  async transfer(task, choice, key = crypto.randomUUID()) {
    if (!this.#store.channelOf(task) || this.#requests.has(task.sid)) return null;
    this.#learn(() => this.#requests.set(task.sid, key));
    const { target, mode, ...more } = choice;
    const body = { ...this.#about(task), mode, ...more, target: { kind: target.kind, sid: target.sid } };
    const answer = await this.#dispatch("transfer", { idempotencyKey: key, body });
    const result = resultOf(answer);
    this.#learn(() => {
      this.#requests.delete(task.sid);
      // The stream may have told more by now: then its word counts.
      if (result.ok && !this.#transfers.has(answer.body.id)) this.#transfers.set(answer.body.id, answer.body);
    });
    return { ...result, key };
  }

  /** Takes an invite back. Returns null if that is on its way already, else {ok, body, uncertain}. */
  async cancel(task, transferId) {
    return this.#press(transferId, async () => {
      const answer = await this.#dispatch("cancel", { id: transferId, body: this.#about(task) });
      if (resultOf(answer).ok && !this.#transfers.get(transferId)?.endedAt) this.#transfers.set(transferId, answer.body);
      return answer;
    });
  }

  /**
   * Leaves the conversation, ends it, or removes another agent, by kind: leave, end or remove. Repeating it does no harm.
   * Returns null if that is on its way already, else {ok, body, uncertain}.
   */
  async depart(task, kind, participantSid) {
    return this.#press(participantSid ?? task.sid, async () => {
      const body = { ...this.#about(task), kind, ...(participantSid && { participantSid }) };
      const answer = await this.#dispatch("depart", { body });
      if (resultOf(answer).ok && !this.#departures.get(answer.body.id)?.endedAt) this.#departures.set(answer.body.id, answer.body);
      return answer;
    });
  }

  /** Whether a cancel or a departure is on its way: of a transfer's ID, a participant's SID or a task's. */
  isPressed(what) {
    return this.#pressed.has(what);
  }

  async #press(what, request) {
    if (this.#pressed.has(what)) return null;
    this.#learn(() => this.#pressed.add(what));
    const answer = await request();
    this.#learn(() => this.#pressed.delete(what));
    return resultOf(answer);
  }

  /** What every request says of the conversation that it is about. */
  #about(task) {
    const channel = this.#store.channelOf(task);
    return {
      wire: 1,
      rules: this.#rules.hash,
      interactionSid: channel?.interaction_sid ?? "",
      interactionChannelSid: channel?.sid ?? "",
      taskSid: task.sid,
    };
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

function resultOf(answer) {
  const ok = answer.status >= 200 && answer.status < 300;
  return { ok, body: answer.body ?? {}, uncertain: UNKNOWN_OUTCOME.has(answer.status) };
}
