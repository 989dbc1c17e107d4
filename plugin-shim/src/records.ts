// Flex's objects as the records that Twilio's REST API has of them: the rules read those and nothing else.

import type { ITask } from "@twilio/flex-ui";
import type { Question, TaskRecord, WorkerRecord } from "../../wasm/js/loader.js";

export type ParticipantRecord = NonNullable<NonNullable<Question["participants"]>[number]>;

/** TaskRouter's word for what Flex calls the status of a task of the agent's: that of the reservation. */
export function taskRecord(task: ITask): TaskRecord {
  return {
    sid: task.taskSid,
    assignment_status: task.taskStatus,
    task_channel_unique_name: task.taskChannelUniqueName,
    attributes: task.attributes,
    reservation_status: task.status,
    task_queue_friendly_name: task.queueName,
    task_queue_sid: task.queueSid,
  };
}

/** The agent, from flex.worker and the worker's client. */
export function workerRecord(worker: any, sid: string, name: string): WorkerRecord {
  return {
    sid,
    friendly_name: name,
    attributes: worker?.attributes ?? {},
    activity_name: worker?.activity?.name ?? "",
    available: worker?.activity?.available ?? false,
  };
}

/** The interaction's channel that a task belongs to; null for one that has none, such as a call that came in the old way. */
export function channelOf(task: ITask): { sid: string; interactionSid: string } | null {
  const { flexInteractionChannelSid: sid, flexInteractionSid: interactionSid } = task.attributes ?? {};
  return sid && interactionSid ? { sid, interactionSid } : null;
}

/** Participants of a channel as Flex's SDK gives them. */
export function participantRecords(list: any[]): ParticipantRecord[] {
  return list.map((one) => {
    const routing = one.routingProperties ?? one.routing_properties;
    return {
      sid: one.participantSid ?? one.sid,
      type: one.type,
      routing_properties: routing
        ? {
            task_sid: routing.taskSid ?? routing.task_sid ?? "",
            worker_sid: routing.workerSid ?? routing.worker_sid ?? "",
            reservation_sid: routing.reservationSid ?? routing.reservation_sid ?? "",
          }
        : null,
    };
  });
}

/** The customer's name as Flex shows it. */
export function customerOf(task: ITask): string {
  const { customerName, name, from, customers } = task.attributes ?? {};
  return customerName || name || customers?.name || from || "";
}
