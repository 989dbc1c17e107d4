// How a transfer stands, above the conversation.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { Desk } from "../desk";
import { useChanges, useSeconds } from "../observable";
import { detailText, progressText } from "../progress";
import { span, t } from "../texts";
import { RuleButton, Small, Strip } from "./parts";

const SHOW_ENDED_MS = 12_000;

/** The transfer under way, or one that has ended a moment ago; not the one that brought the conversation here. */
export function ProgressStrip({ desk, task }: { desk: Desk; task?: ITask }): JSX.Element | null {
  useChanges(desk);
  const progress = task && task.status === "accepted" ? desk.screen(task)?.progress : null;
  const age = progress?.ended ? Date.now() - Date.parse(progress.ended) : 0;
  const shown = Boolean(progress) && age < SHOW_ENDED_MS && progress!.acceptedBy !== desk.store.worker.sid;
  useSeconds(shown);
  if (!task || !progress || !shown) return null;
  const passed = Date.now() - Date.parse(progress.ringing ?? progress.since);
  const ended = progress.ended ? (progress.failure ? "failed" : "done") : undefined;
  const offered = !progress.ended && ["enabled", "busy"].includes(progress.cancel.state);
  return (
    <Strip data-testid="flex-transfer-progress" data-phase={progress.phase} data-ended={ended}>
      <span role="status" style={{ flex: 1 }}>
        {progressText(progress, (sid) => desk.nameOf(sid))}
        <Small>{detailText(progress)}</Small>
      </span>
      {!progress.ended && passed >= 1000 && <Small aria-hidden="true">{span(passed)}</Small>}
      {offered && (
        <RuleButton button={progress.cancel} waiting={desk.isPressed(progress.transferId)} label={t("progress.cancel")} testId="flex-transfer-cancel"
          onPress={() => void Flex.Actions.invokeAction("CancelChatParticipantInvite", { task, transferId: progress.transferId })}>
          {t("invites.cancel")}
        </RuleButton>
      )}
    </Strip>
  );
}
