// The plugin as Flex starts it.

import * as Flex from "@twilio/flex-ui";
import type { ITask, Manager } from "@twilio/flex-ui";
import * as React from "react";
import { isMessaging, registerActions } from "./actions";
import { Announcer } from "./announce";
import { Desk } from "./desk";
import { registerNotices, show } from "./notices";
import { Panels } from "./panels";
import { channelOf } from "./records";
import { hasNativeTransfers, readSettings, type PluginSettings } from "./settings";
import { speak, t } from "./texts";
import { BriefingCard } from "./ui/BriefingCard";
import { guarded } from "./ui/Guard";
import { narrowNativeDirectory } from "./ui/NativeDirectory";
import { ParticipantsLabel, ParticipantsPanel } from "./ui/ParticipantsTab";
import { ProgressStrip } from "./ui/ProgressStrip";
import { TransferHeader } from "./ui/TransferHeader";

declare const __VERSION__: string; // set by the build

export class FlexTransferPlugin {
  readonly name = "FlexTransferPlugin";
  readonly version = __VERSION__;

  /** Called by Flex. It only registers: the rules are fetched once Flex has painted. An error here must not stop Flex. */
  init(_flex: unknown, manager: Manager): void {
    try {
      begin(manager);
    } catch (error) {
      console.error("flex-transfer: not started", error);
    }
  }
}

function begin(manager: Manager): void {
  const settings = readSettings(manager.serviceConfiguration?.ui_attributes);
  console.info(introduction(settings));
  if (!settings.enabled) return;
  speak(languagesOf(manager));
  registerNotices();
  if (!settings.backendUrl) {
    afterPaint(() => show({ kind: "error", text: t("plugin.noBackend") }));
    return;
  }
  const desk = new Desk(manager, settings, {
    lost: (fault) => {
      console.error(`flex-transfer: plugin ${__VERSION__}, backend ${settings.backendUrl}:`, fault.code, fault.message);
      show({ kind: "error", text: fault.code === "MODULE_INCOMPATIBLE" ? t("rules.incompatible") : t("rules.missing") });
    },
    reconfigured: () => show({ kind: "info", text: t("notice.settings") }),
  });
  const panels = new Panels();
  registerActions(desk, panels);
  addComponents(desk, panels);
  narrowNativeDirectory(desk);
  const announcer = new Announcer(desk);
  afterPaint(() => start(desk, announcer));
}

/** What an operator finds in the browser's console. */
function introduction({ enabled, backendUrl }: PluginSettings): string {
  return `flex-transfer: plugin ${__VERSION__}, ${enabled ? `backend ${backendUrl || "not set"}` : "switched off by ui_attributes"}`;
}

/** Stands aside, and says so, where Twilio's own transfers are on; they may come on only after plugins were started. */
function start(desk: Desk, announcer: Announcer): void {
  const started = performance.now();
  if (hasNativeTransfers(desk.store.flex)) announcer.tell("NATIVE_TRANSFERS_ON");
  // The mark is for benchmarks. Flex clears what is marked while it starts.
  void desk.start().then(() => desk.state === "ready" && performance.mark("flex-transfer:ready", { detail: { started } }));
}

/** The agent's language: their own choice in Flex, else the account's. */
function languagesOf(manager: any): string[] {
  const { localeTag, localeSource } = manager.localization ?? {};
  const chosen = localeSource === "flex default" ? undefined : localeTag;
  return [chosen, manager.serviceConfiguration?.ui_language, manager.configuration?.language].filter(Boolean);
}

/** Runs it when Flex has painted and has nothing else to do, within two seconds after it. */
function afterPaint(run: () => void): void {
  const idle = (window as any).requestIdleCallback ?? ((callback: () => void) => setTimeout(callback, 200));
  if (document.readyState === "complete") idle(run, { timeout: 2000 });
  else window.addEventListener("load", () => idle(run, { timeout: 2000 }), { once: true });
}

const isConversation = ({ task }: { task?: ITask }): boolean => Boolean(task && channelOf(task) && isMessaging(task));

function addComponents(desk: Desk, panels: Panels): void {
  const whileOpen = { if: (props: { task?: ITask }) => isConversation(props) && props.task!.status === "accepted" };
  const Header = guarded(TransferHeader);
  const Progress = guarded(ProgressStrip);
  const Briefing = guarded(BriefingCard);
  const Label = Flex.withTaskContext(guarded(ParticipantsLabel) as never) as any;
  const People = Flex.withTaskContext(guarded(ParticipantsPanel) as never) as any;
  Flex.TaskCanvasHeader.Content.add(<Header key="flex-transfer" desk={desk} panels={panels} />, { sortOrder: 1, ...whileOpen });
  Flex.TaskCanvasTabs.Content.add(
    <Flex.Tab key="flex-transfer-people" uniqueName="FlexTransferParticipants" label={<Label desk={desk} />}><People desk={desk} /></Flex.Tab>,
    { sortOrder: 1000, ...whileOpen },
  );
  Flex.TaskCanvas.Content.add(<Progress key="flex-transfer-progress" desk={desk} />, { sortOrder: 1, if: isConversation });
  Flex.TaskCanvas.Content.add(<Briefing key="flex-transfer-briefing" desk={desk} />, { sortOrder: 1, if: isConversation });
}
