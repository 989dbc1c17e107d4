// What the page knows of the account: the stage's snapshot, kept fresh by its changes. Records are Twilio-shaped and are
// never changed in place. Everything here is looking up; what may be done is the rules' affair.

const TABLES = {
  activity: "activities",
  worker: "workers",
  queue: "queues",
  task: "tasks",
  reservation: "reservations",
  conversation: "conversations",
  interaction_channel: "interaction_channels",
  interaction_participant: "interaction_participants",
};

const parsed = new Map();

/** The attributes of a record as an object; empty where they are not a JSON object. */
export function attributesOf(record) {
  const source = record?.attributes;
  if (!source) return {};
  if (!parsed.has(source)) {
    if (parsed.size > 1000) parsed.clear();
    parsed.set(source, parseObject(source));
  }
  return parsed.get(source);
}

function parseObject(source) {
  try {
    const value = JSON.parse(source);
    return value && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

export class Store {
  #tables = emptyTables();
  #messages = new Map();
  #listeners = new Set();
  #scheduled = false;
  ready = false;

  /** Calls listener after changes, many changes at once; returns how to stop it. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces everything. */
  replace(snapshot) {
    this.#tables = emptyTables();
    for (const [kind, plural] of Object.entries(TABLES)) {
      for (const record of snapshot[plural] ?? []) this.#tables[kind].set(record.sid, record);
    }
    this.#messages = new Map(Object.entries(snapshot.messages ?? {}).map(([sid, list]) => [sid, [...(list ?? [])].sort(byIndex)]));
    this.ready = true;
    this.#changed();
  }

  /** Takes one change in. Kinds that the page does not show are left aside. */
  apply({ kind, object }) {
    if (kind === "message") this.#addMessage(object);
    else if (kind === "task_deleted") this.#deleteTask(object.sid);
    else if (kind === "conversation_deleted") this.#tables.conversation.delete(object.sid);
    else if (kind in this.#tables) this.#put(kind, object);
    else return;
    this.#changed();
  }

  #put(kind, object) {
    if (object.left) this.#tables[kind].delete(object.sid);
    else this.#tables[kind].set(object.sid, object);
    if (kind === "reservation" && object.task) this.#tables.task.set(object.task.sid, object.task);
  }

  #deleteTask(sid) {
    this.#tables.task.delete(sid);
    for (const reservation of this.all("reservation")) {
      if (reservation.task_sid === sid) this.#tables.reservation.delete(reservation.sid);
    }
  }

  #addMessage(message) {
    const list = this.#messages.get(message.conversation_sid) ?? [];
    const others = list.filter((known) => known.sid !== message.sid);
    this.#messages.set(message.conversation_sid, [...others, message].sort(byIndex));
  }

  #changed() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      for (const listener of this.#listeners) listener();
    }, 0);
  }

  /** All records of a kind, in the order in which they came. */
  all(kind) {
    return [...this.#tables[kind].values()];
  }

  get(kind, sid) {
    return this.#tables[kind].get(sid);
  }

  messages(conversationSid) {
    return this.#messages.get(conversationSid) ?? [];
  }

  /** The worker's reservations, oldest first. */
  reservationsOf(workerSid) {
    return this.all("reservation").filter((reservation) => reservation.worker_sid === workerSid);
  }

  taskOf(reservation) {
    return this.get("task", reservation.task_sid) ?? reservation.task;
  }

  /** The interaction channel that a task belongs to. */
  channelOf(task) {
    const attributes = attributesOf(task);
    const named = this.get("interaction_channel", attributes.flexInteractionChannelSid);
    if (named) return named;
    const conversation = attributes.conversationSid;
    return conversation && this.all("interaction_channel").find((channel) => channel.conversation_sid === conversation);
  }

  /** The channel of a conversation. */
  channelOfConversation(conversationSid) {
    return this.all("interaction_channel").find((channel) => channel.conversation_sid === conversationSid);
  }

  participantsOf(channelSid) {
    return this.all("interaction_participant").filter((participant) => participant.channel_sid === channelSid);
  }

  customerOf(channelSid) {
    return this.participantsOf(channelSid).find((participant) => participant.type === "customer");
  }

  /** A worker's name for people. */
  workerName(workerSid) {
    const worker = this.get("worker", workerSid);
    return attributesOf(worker).full_name || worker?.friendly_name || "";
  }

  /** The worker whose chat identity this is. */
  workerByIdentity(identity) {
    return this.all("worker").find((worker) => identityOf(worker) === identity || worker.friendly_name === identity);
  }
}

/** The identity that a worker has in conversations. */
export function identityOf(worker) {
  return String(attributesOf(worker).contact_uri ?? "").replace(/^client:/, "") || worker?.friendly_name || "";
}

function emptyTables() {
  return Object.fromEntries(Object.keys(TABLES).map((kind) => [kind, new Map()]));
}

function byIndex(a, b) {
  return a.index - b.index;
}
