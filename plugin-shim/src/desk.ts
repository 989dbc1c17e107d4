// The agent's desk, without a screen: what the rules say about each conversation, the transfers that the agent hears of,
// and what they asked for. No rule is computed here.

import type { ITask, Manager } from "@twilio/flex-ui";
import { openEvents, type Events, type StreamEvent } from "../../wasm/js/events.js";
import type { DepartureRecord, DirectoryFound, Fault, LeaveOn, Mode, Question, Result, Screen, Settings, TransferRecord } from "../../wasm/js/loader.js";
import { DirectorySource, type NativeFilters } from "./directory";
import { FlexStore } from "./flexstore";
import { Kept } from "./kept";
import { Observable } from "./observable";
import { channelOf, taskRecord, workerRecord } from "./records";
import { Rules, type RulesState } from "./rules";
import { hasNativeTransfers, narrow, type PluginSettings } from "./settings";

/** Statuses after which it is not known whether the backend has taken the request. */
const UNKNOWN_OUTCOME = new Set([0, 429, 500, 502, 503, 504]);

export interface Choice {
  target: { kind: "worker" | "queue"; sid: string };
  mode: Mode;
  leaveOn?: LeaveOn;
  reason?: string;
  notes?: string;
}

/** What became of a request. key is to be used for trying a transfer again. */
export interface Outcome {
  ok: boolean;
  /** The backend may have taken it, or can be asked again as it is. */
  uncertain: boolean;
  body: any;
  key?: string;
}

export class Desk extends Observable {
  readonly store: FlexStore;
  readonly directory: DirectorySource;
  readonly favourites: Kept;
  readonly recents: Kept;
  #rules: Rules;
  #settings: Settings | null = null;
  #transfers = new Map<string, TransferRecord>();
  #departures = new Map<string, DepartureRecord>();
  #requests = new Map<string, string>(); // transfers asked for, by task
  #pressed = new Set<string>(); // cancels and departures asked for, by what they are about
  #screens = new Map<string, Screen>(); // the last one of each task, for while the module starts anew
  #fresh = new Map<string, Screen | null>(); // since the last change, by task
  #events: Events | null = null;

  /** reconfigured() is called for settings that change while Flex runs; lost() where there are no rules. */
  constructor(manager: Manager, private readonly own: PluginSettings, private readonly hooks: { lost(fault: Fault): void; reconfigured(): void }) {
    super();
    this.store = new FlexStore(manager, () => this.touch());
    this.#rules = new Rules(own.backendUrl, () => this.touch(), (fault) => hooks.lost(fault));
    this.directory = new DirectorySource(own.backendUrl, () => this.#rules.module);
    this.favourites = new Kept("favourites", () => this.store.worker.sid);
    this.recents = new Kept("recents", () => this.store.worker.sid);
  }

  get state(): RulesState {
    return this.#rules.state;
  }

  /** The settings that count for the agent: the backend's, as far as Flex's allow. */
  get settings(): Partial<Settings> | null {
    return narrow(this.#settings, this.own, hasNativeTransfers(this.store.flex));
  }

  /** Whether Flex itself says that there will be nothing: Twilio's own transfers are on, or all of ours are switched off. */
  get isOff(): boolean {
    return hasNativeTransfers(this.store.flex) || !(this.own.coldTransfer || this.own.multiParticipant);
  }

  /** Resolves once it is known whether there are rules. */
  get settled(): Promise<void> {
    return this.#rules.settled;
  }

  get transfers(): TransferRecord[] {
    return [...this.#transfers.values()];
  }

  get departures(): DepartureRecord[] {
    return [...this.#departures.values()];
  }

  /** Loads the rules, and follows Flex's store and the backend's stream. */
  async start(): Promise<void> {
    this.store.follow();
    await this.#rules.start();
    if (this.state !== "ready") return;
    this.#events = openEvents({ baseUrl: this.own.backendUrl, token: () => this.store.token, onEvent: (event) => this.#hear(event) });
    void this.warm();
  }

  stop(): void {
    this.#events?.close();
  }

  /** Something has changed: what was decided before does not count any more. */
  touch(): void {
    this.#fresh.clear();
    this.changed();
  }

  #hear(event: StreamEvent): void {
    switch (event.type) {
      case "hello":
        this.#configure(event.data);
        break;
      case "settings":
        this.#configure(event.data);
        this.hooks.reconfigured();
        break;
      case "transfer":
        this.#transfers.set(event.data.id, event.data);
        void this.store.refresh(event.data.interactionChannelSid);
        break;
      case "departure":
        this.#departures.set(event.data.id, event.data);
        void this.store.refresh(event.data.interactionChannelSid);
        break;
      case "worker":
        this.directory.update({ workers: [event.data] });
        break;
      case "queue":
        this.directory.update({ queues: [event.data] });
    }
    this.touch();
  }

  #configure({ settings, rules }: { settings: Settings; rules: string }): void {
    this.#settings = settings;
    this.#rules.expect(rules);
  }

  /**
   * Fetches the directory, and has the backend read its facts of the conversation, so that a transfer is quick. Returns
   * whether there is a directory.
   */
  async warm(task?: ITask): Promise<boolean> {
    const channel = task && channelOf(task);
    const about = channel ? { interactionSid: channel.interactionSid, interactionChannelSid: channel.sid, taskSid: task.taskSid } : {};
    const [known, { status, body }] = await Promise.all([
      this.directory.load(this.store.token),
      this.#dispatch((token) => this.#rules.module!.dispatch("directory", { token, ...about })),
    ]);
    if (status === 200) {
      this.#settings = body.settings ?? this.#settings;
      if (Array.isArray(body.queues)) this.directory.update({ queues: body.queues });
    }
    this.touch();
    return known || this.directory.known;
  }

  /** The directory's entries for a conversation and what was typed, those of the rules and in their order. */
  find(task: ITask, query: string): DirectoryFound {
    return this.directory.find(this.question(task), { query, favourites: this.favourites.all(), recents: this.recents.all() });
  }

  /** What Flex's own directory shows for a conversation, by the same rules; null where that is not known. */
  nativeFilters(task: ITask): NativeFilters | null {
    return this.directory.nativeFilters(this.question(task));
  }

  /** A worker's name as people know it; "" where it is not known. */
  nameOf(workerSid: string): string {
    return this.directory.workers([workerSid])[0]?.friendly_name ?? "";
  }

  /** What the screen shows about a task, as the rules say; null where there are none for it. */
  screen(task: ITask): Screen | null {
    if (!this.#fresh.has(task.sid)) this.#fresh.set(task.sid, this.#decide(task));
    return this.#fresh.get(task.sid)!;
  }

  #decide(task: ITask): Screen | null {
    if (!channelOf(task)) return null;
    const answer = this.#rules.module?.decide(this.question(task));
    if (answer?.error) console.error("flex-transfer:", answer.error.message);
    const screen = answer && !answer.error ? answer.screen : null;
    if (screen) this.#screens.set(task.sid, screen);
    else if (this.state !== "ready") this.#screens.delete(task.sid);
    return screen ?? this.#screens.get(task.sid) ?? null;
  }

  /** What is known of the task's conversation. Of the workers only those in it: the directory has the others. */
  question(task: ITask): Question {
    const { sid, name, state, roles } = this.store.worker;
    const channel = channelOf(task)!;
    const about = (one: { interactionChannelSid: string }) => one.interactionChannelSid === channel.sid;
    const participants = this.store.participants(channel.sid);
    return {
      wire: 1,
      now: new Date().toISOString(),
      settings: this.settings,
      worker: workerRecord(state, sid, name),
      roles,
      task: taskRecord(task),
      channel: { sid: channel.sid, interaction_sid: channel.interactionSid, type: task.attributes.channelType ?? "web", status: task.status === "wrapping" ? "closed" : "active" },
      participants,
      transfers: this.transfers.filter(about).sort((a, b) => a.requestedAt.localeCompare(b.requestedAt)),
      departures: this.departures.filter(about),
      requesting: this.#requests.has(task.taskSid),
      workers: this.directory.workers((participants ?? []).flatMap((one) => one.routing_properties?.worker_sid || [])),
    };
  }

  /**
   * Asks for a transfer. One click is one idempotency key; pass the key of a click to try that click again. null where a
   * request for the task is on its way.
   */
  async transfer(task: ITask, { target, mode, ...more }: Choice, key: string = crypto.randomUUID()): Promise<Outcome | null> {
    if (!channelOf(task) || this.#requests.has(task.taskSid)) return null;
    this.#requests.set(task.taskSid, key);
    this.touch();
    const body = { ...this.#about(task), mode, ...more, target: { kind: target.kind, sid: target.sid } };
    const result = await this.#dispatch((token) => this.#rules.module!.dispatch("transfer", { token, idempotencyKey: key, body }));
    this.#requests.delete(task.taskSid);
    const outcome = outcomeOf(result);
    if (outcome.ok && !this.#transfers.has(result.body.id)) this.#transfers.set(result.body.id, result.body);
    this.touch();
    return { ...outcome, key };
  }

  /** Takes an invite back. null where that is on its way. */
  cancel(task: ITask, transferId: string): Promise<Outcome | null> {
    return this.#press(transferId, async () => {
      const result = await this.#dispatch((token) => this.#rules.module!.dispatch("cancel", { token, id: transferId, body: this.#about(task) }));
      if (outcomeOf(result).ok && !this.#transfers.get(transferId)?.endedAt) this.#transfers.set(transferId, result.body);
      return result;
    });
  }

  /** Leaves the conversation, ends it, or removes another agent. null where that is on its way. */
  depart(task: ITask, kind: "leave" | "end" | "remove", participantSid?: string): Promise<Outcome | null> {
    return this.#press(participantSid ?? task.taskSid, async () => {
      const body = { ...this.#about(task), kind, ...(participantSid && { participantSid }) };
      const result = await this.#dispatch((token) => this.#rules.module!.dispatch("depart", { token, body }));
      if (outcomeOf(result).ok && !this.#departures.get(result.body.id)?.endedAt) this.#departures.set(result.body.id, result.body);
      return result;
    });
  }

  /** Whether a cancel or a departure is on its way: of a transfer's ID, a participant's SID or a task's. */
  isPressed(what: string): boolean {
    return this.#pressed.has(what);
  }

  async #press(what: string, request: () => Promise<Result>): Promise<Outcome | null> {
    if (this.#pressed.has(what)) return null;
    this.#pressed.add(what);
    this.touch();
    const result = await request();
    this.#pressed.delete(what);
    this.touch();
    return outcomeOf(result);
  }

  #about(task: ITask): { wire: 1; rules: string; interactionSid: string; interactionChannelSid: string; taskSid: string } {
    const channel = channelOf(task)!;
    return { wire: 1, rules: this.#rules.hash, interactionSid: channel.interactionSid, interactionChannelSid: channel.sid, taskSid: task.taskSid };
  }

  async #dispatch(call: (token: string) => Promise<Result>): Promise<Result> {
    try {
      return await call(this.store.token);
    } catch (error: any) {
      return { status: 0, body: { code: error.code ?? "BACKEND_UNREACHABLE", message: error.message ?? "" } };
    } finally {
      void this.#rules.renew();
    }
  }
}

function outcomeOf({ status, body }: Result): Outcome {
  return { ok: status >= 200 && status < 300, uncertain: UNKNOWN_OUTCOME.has(status), body: body ?? {} };
}
