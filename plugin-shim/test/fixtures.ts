// A desk and its answers, as the components see them.

import type { ITask } from "@twilio/flex-ui";
import type { Screen } from "../../wasm/js/loader.js";
import type { Desk } from "../src/desk";
import { Kept } from "../src/kept";
import { Observable } from "../src/observable";

export const enabled = { state: "enabled" as const, reason: "" };
export const hidden = { state: "hidden" as const, reason: "" };

export function task(more: object = {}): ITask {
  return {
    sid: "WR1", taskSid: "WT1", status: "accepted", taskStatus: "assigned", taskChannelUniqueName: "chat",
    attributes: { name: "Carla", flexInteractionSid: "KD1", flexInteractionChannelSid: "UO1", conversationSid: "CH1" }, ...more,
  } as unknown as ITask;
}

export function screen(more: Partial<Screen> = {}): Screen {
  return {
    button: enabled, cold: enabled, warm: enabled, exit: { ...enabled, kind: "end" }, notice: "", participants: [], parties: 2, invites: [],
    progress: null, briefing: null, targets: [], ...more,
  };
}

/** A desk that says what it is told to. */
export function desk(answer: Screen | null, more: object = {}): Desk {
  return Object.assign(new Observable(), {
    state: "ready", settled: Promise.resolve(), settings: {}, transfers: [], departures: [],
    screen: () => answer, find: () => ({ lines: [], total: 0, workers: 0, queues: 0 }), directory: { known: true, nameOf: () => "" }, warm: async () => true,
    isPressed: () => false, nameOf: () => "", isOff: false, favourites: new Kept("favourites", () => "WKada"), recents: new Kept("recents", () => "WKada"),
    store: { worker: { sid: "WKada" }, flex: { view: {}, worker: { tasks: new Map() } }, byReservation: () => undefined, tasks: [] }, ...more,
  }) as unknown as Desk;
}
