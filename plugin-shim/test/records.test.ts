// Flex's objects as Twilio's records.

import { expect, test } from "vitest";
import { channelOf, customerOf, participantRecords, taskRecord, workerRecord } from "../src/records";
import { task } from "./fixtures";

test("participants as Flex's SDK gives them, and as REST does", () => {
  const routing = { task_sid: "WT1", worker_sid: "WK1", reservation_sid: "WR1" };
  expect(participantRecords([
    { participantSid: "UT1", type: "agent", routingProperties: { taskSid: "WT1", workerSid: "WK1", reservationSid: "WR1" } },
    { sid: "UT2", type: "agent", routing_properties: routing },
    { participantSid: "UT3", type: "customer" },
  ])).toEqual([
    { sid: "UT1", type: "agent", routing_properties: routing }, { sid: "UT2", type: "agent", routing_properties: routing }, { sid: "UT3", type: "customer", routing_properties: null },
  ]);
});

test("a task is TaskRouter's, and its status in Flex is that of the reservation", () => {
  expect(taskRecord(task({ status: "wrapping", queueName: "Billing", queueSid: "WQ1" }))).toMatchObject({
    sid: "WT1", assignment_status: "assigned", reservation_status: "wrapping", task_queue_friendly_name: "Billing", task_queue_sid: "WQ1",
  });
});

test("only tasks of an interaction have a channel", () => {
  expect(channelOf(task())).toEqual({ sid: "UO1", interactionSid: "KD1" });
  expect(channelOf(task({ attributes: { conversationSid: "CH1" } }))).toBeNull();
  expect(channelOf(task({ attributes: undefined }))).toBeNull();
});

test("the agent and the customer by name", () => {
  const state = { activity: { name: "Available", available: true }, attributes: { full_name: "Ada" } };
  expect(workerRecord(state, "WK1", "ada")).toEqual({ sid: "WK1", friendly_name: "ada", attributes: { full_name: "Ada" }, activity_name: "Available", available: true });
  expect(workerRecord(undefined, "WK1", "ada").available).toBe(false);
  expect([customerOf(task()), customerOf(task({ attributes: { from: "+4930" } })), customerOf(task({ attributes: {} }))]).toEqual(["Carla", "+4930", ""]);
});
