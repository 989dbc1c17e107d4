// The workers and queues of the account, as the backend tells them.

import type { QueueRecord, WorkerRecord } from "../../wasm/js/loader.js";

/** Who and what there is, kept fresh by the stream. */
export class People {
  #workers = new Map<string, WorkerRecord>();
  #queues = new Map<string, QueueRecord>();

  get workers(): WorkerRecord[] {
    return [...this.#workers.values()];
  }

  get queues(): QueueRecord[] {
    return [...this.#queues.values()];
  }

  get known(): boolean {
    return this.#workers.size > 0 || this.#queues.size > 0;
  }

  /** Takes all that there is. */
  load({ workers, queues }: { workers?: WorkerRecord[]; queues?: QueueRecord[] }): void {
    this.#workers = new Map((workers ?? []).map((one) => [one.sid, one]));
    this.#queues = new Map((queues ?? []).map((one) => [one.sid, one]));
  }

  update({ worker, queue }: { worker?: WorkerRecord; queue?: QueueRecord }): void {
    if (worker) this.#workers.set(worker.sid, { ...this.#workers.get(worker.sid), ...worker });
    if (queue) this.#queues.set(queue.sid, { ...this.#queues.get(queue.sid), ...queue });
  }

  /** A worker's name as people know it; "" where it is not known. */
  nameOf(workerSid: string): string {
    const worker = this.#workers.get(workerSid);
    if (!worker) return "";
    return attributesOf(worker).full_name || worker.friendly_name;
  }
}

function attributesOf({ attributes }: WorkerRecord): any {
  if (typeof attributes !== "string") return attributes ?? {};
  try {
    return JSON.parse(attributes) ?? {};
  } catch {
    return {};
  }
}
