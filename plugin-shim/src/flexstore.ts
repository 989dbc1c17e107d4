// What the plugin reads of Flex: the agent, the tasks, who is in a conversation, the token.

import type { ITask, Manager } from "@twilio/flex-ui";
import { channelOf, participantRecords, type ParticipantRecord } from "./records";

/** Reads Flex's store, and tells when something that concerns us has changed there. */
export class FlexStore {
  #participants = new Map<string, ParticipantRecord[]>(); // by channel
  #seen = new Map<string, string>(); // what the participants were read for, by channel
  #reading = new Map<string, boolean>(); // by channel; true: to be read again
  #worker: unknown = null;
  #conversations: unknown = null;
  #flags: unknown = null;

  constructor(private readonly manager: Manager, private readonly changed: () => void) {}

  get flex(): any {
    return (this.manager.store.getState() as any).flex;
  }

  get tasks(): ITask[] {
    return [...(this.flex.worker?.tasks?.values() ?? [])] as ITask[];
  }

  get worker(): { sid: string; name: string; state: any; roles: string[] } {
    const client: any = this.manager.workerClient;
    return { sid: client?.sid ?? "", name: client?.name ?? "", state: this.flex.worker, roles: this.manager.user?.roles ?? [] };
  }

  /** The Flex token; Flex keeps it fresh. */
  get token(): string {
    return this.flex.session?.ssoTokenPayload?.token ?? (this.manager.user as any)?.token ?? "";
  }

  /** The task of the agent's by the SID of its reservation, which Flex uses as the task's. */
  byReservation(sid: string | undefined): ITask | undefined {
    return sid ? this.flex.worker?.tasks?.get(sid) : undefined;
  }

  participants(channelSid: string): ParticipantRecord[] | null {
    return this.#participants.get(channelSid) ?? null;
  }

  /** Follows the store until the function that is returned is called. */
  follow(): () => void {
    const look = () => this.#look();
    look();
    return this.manager.store.subscribe(look);
  }

  #look(): void {
    const { worker, chat, featureFlags } = this.flex;
    const conversations = chat?.conversations;
    if (worker === this.#worker && conversations === this.#conversations && featureFlags === this.#flags) return;
    this.#worker = worker;
    this.#conversations = conversations;
    this.#flags = featureFlags;
    for (const task of this.tasks) this.#lookAt(task, conversations);
    this.changed();
  }

  /** Reads who is in the conversation, where the agent has just come in or Twilio tells of others who came or went. */
  #lookAt(task: ITask, conversations: any): void {
    const channel = channelOf(task);
    if (!channel || task.status !== "accepted") return;
    const people = conversations?.[task.attributes.conversationSid]?.participants;
    const seen = `${task.sid} ${[...(people?.keys?.() ?? [])].sort().join()}`;
    if (this.#seen.get(channel.sid) === seen) return;
    this.#seen.set(channel.sid, seen);
    void this.refresh(channel.sid);
  }

  /** Reads the participants of a channel; once more, where that is asked for meanwhile. */
  async refresh(channelSid: string): Promise<void> {
    if (this.#reading.has(channelSid)) return void this.#reading.set(channelSid, true);
    const task = this.tasks.find((one) => channelOf(one)?.sid === channelSid && one.status === "accepted");
    if (!task) return;
    this.#reading.set(channelSid, false);
    try {
      this.#participants.set(channelSid, participantRecords((await task.getParticipants(channelSid)) ?? []));
      this.changed();
    } catch {
      // the agent has just left, or Twilio does not answer: what is known stays
    }
    const again = this.#reading.get(channelSid);
    this.#reading.delete(channelSid);
    if (again) void this.refresh(channelSid);
  }
}
