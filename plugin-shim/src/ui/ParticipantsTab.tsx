// The Participants tab: who is in the conversation, and who has been invited.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { Screen } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import { useChanges, useSeconds } from "../observable";
import { customerOf } from "../records";
import { span, t } from "../texts";
import { Badge, Box, Head, Line, List, RuleButton, Small } from "./parts";

/** The tab's head, with how many there are. */
export function ParticipantsLabel({ desk, task }: { desk: Desk; task?: ITask }): JSX.Element {
  useChanges(desk);
  const n = (task && desk.screen(task)?.parties) ?? 0;
  return <span>{t("people.title")}{n > 0 && <Badge aria-label={t("people.count", { n })} data-testid="flex-transfer-parties">{n}</Badge>}</span>;
}

export function ParticipantsPanel({ desk, task }: { desk: Desk; task?: ITask }): JSX.Element | null {
  useChanges(desk);
  const screen = task ? desk.screen(task) : null;
  useSeconds(Boolean(screen?.invites.length));
  if (!task || !screen) return null;
  return (
    <div data-testid="flex-transfer-people" style={{ overflowY: "auto", width: "100%" }}>
      <List aria-label={t("people.title")}>
        {screen.participants.map((one) => <Person key={one.sid} desk={desk} task={task} one={{ ...one, name: one.name || customerOf(task) || t("people.customer") }} />)}
      </List>
      {screen.invites.length > 0 && (
        <>
          <Box><Head>{t("invites.title")}</Head></Box>
          <List aria-label={t("invites.title")}>{screen.invites.map((invite) => <Invite key={invite.transferId} desk={desk} task={task} invite={invite} />)}</List>
        </>
      )}
    </div>
  );
}

function roleWords(type: string): string {
  if (type === "agent") return t("people.agent");
  return type === "supervisor" ? t("people.supervisor") : t("people.customer");
}

function Person({ desk, task, one }: { desk: Desk; task: ITask; one: Screen["participants"][number] }): JSX.Element {
  return (
    <Line data-testid="flex-transfer-person">
      <span style={{ flex: 1 }}>{one.me ? t("people.me", { name: one.name }) : one.name}<Small>{one.leaving ? t("people.leaving") : roleWords(one.type)}</Small></span>
      <RuleButton button={one.remove} waiting={desk.isPressed(one.sid)} label={t("people.removeName", { name: one.name })} testId="flex-transfer-remove"
        onPress={() => void Flex.Actions.invokeAction("RemoveChatParticipant", { task, participantSid: one.sid, name: one.name })}>
        {t("people.remove")}
      </RuleButton>
    </Line>
  );
}

function Invite({ desk, task, invite }: { desk: Desk; task: ITask; invite: Screen["invites"][number] }): JSX.Element {
  const { name } = invite.target;
  const left = invite.deadline ? Date.parse(invite.deadline) - Date.now() : 0;
  const since = t("invites.since", { span: span(Date.now() - Date.parse(invite.since)) });
  return (
    <Line data-testid="flex-transfer-invite">
      <span style={{ flex: 1 }}>
        {name}
        <Small>{invite.mine ? t("invites.byYou") : t("invites.by", { name: invite.by })}</Small>
        <Small>{left > 0 ? `${since} · ${t("invites.left", { span: span(left) })}` : since}</Small>
      </span>
      <RuleButton button={invite.cancel} waiting={desk.isPressed(invite.transferId)} label={t("invites.cancelName", { name })} testId="flex-transfer-cancel-invite"
        onPress={() => void Flex.Actions.invokeAction("CancelChatParticipantInvite", { task, transferId: invite.transferId })}>
        {invite.phase === "withdrawing" ? t("invites.canceling") : t("invites.cancel")}
      </RuleButton>
    </Line>
  );
}
