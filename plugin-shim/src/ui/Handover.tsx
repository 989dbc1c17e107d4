// What is said with a transfer before it is asked for: when to leave, a reason, notes.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { LeaveOn, Mode, Settings, Target } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import { label, reason as reasonText, t } from "../texts";
import { Area, Bad, Box, Field, Head, Row, RuleButton, Select, Small } from "./parts";

const NOTES_MAX = 2000; // where the settings are not known

interface Props {
  desk: Desk;
  task: ITask;
  target: Target;
  mode: Mode;
  back: () => void;
  done: () => void;
}

export function Handover({ desk, task, target, mode, back, done }: Props): JSX.Element {
  const settings = desk.settings ?? {};
  const [leaveOn, setLeaveOn] = React.useState<LeaveOn>(settings.leave_on ?? "invite");
  const [reason, setReason] = React.useState("");
  const [notes, setNotes] = React.useState("");
  const [problem, setProblem] = React.useState("");
  const cold = mode === "cold";
  const chooses = cold && Boolean(settings.leave_on_choice);
  const words = cold ? t("transfer.button") : t("transfer.invite");
  const left = (settings.handover?.notes_max || NOTES_MAX) - [...notes.trim()].length;

  const send = () => {
    const missing = problemOf(settings, reason, left);
    if (missing) return setProblem(reasonText(missing));
    done();
    const options = { mode: mode.toUpperCase(), ...(chooses && { leaveOn }), reason, notes: notes.trim() };
    void Flex.Actions.invokeAction("ChatTransferTask", { task, sid: task.sid, targetSid: target.sid, options });
  };
  return (
    <Box data-testid="flex-transfer-handover" style={{ display: "flex", flexDirection: "column", gap: 12, overflowY: "auto" }}>
      <Head>{cold ? t("transfer.toName", { name: target.name }) : t("transfer.inviteName", { name: target.name })}</Head>
      {chooses && <LeaveChoice value={leaveOn} choose={setLeaveOn} />}
      <ReasonField settings={settings} value={reason} choose={setReason} />
      <Field>
        {t("handover.notes")}
        <Area rows={3} value={notes} placeholder={t("handover.notesHint")} aria-invalid={left < 0 || undefined} onChange={(event: React.ChangeEvent<HTMLTextAreaElement>) => setNotes(event.target.value)} />
        <Small style={{ fontWeight: "normal" }}>{left < 0 ? t("handover.notesOver", { n: -left }) : t("handover.notesLeft", { n: left })}</Small>
      </Field>
      {problem && <Bad role="alert">{problem}</Bad>}
      <Row style={{ justifyContent: "flex-end" }}>
        <Flex.Button variant="secondary" size="small" onClick={back}>{t("transfer.back")}</Flex.Button>
        <RuleButton button={desk.screen(task)?.[mode]} onPress={send} variant="primary" testId="flex-transfer-send">{words}</RuleButton>
      </Row>
    </Box>
  );
}

/** What would be refused, as far as the form itself can tell. */
function problemOf(settings: Partial<Settings>, reason: string, left: number): string {
  if (settings.handover?.required && settings.handover.reasons.length > 0 && !reason) return "REASON_REQUIRED";
  return left < 0 ? "NOTES_TOO_LONG" : "";
}

function LeaveChoice({ value, choose }: { value: LeaveOn; choose: (value: LeaveOn) => void }): JSX.Element {
  const options: [LeaveOn, string][] = [["invite", t("transfer.leaveNow")], ["accept", t("transfer.leaveOnAccept")]];
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <legend style={{ padding: 0, fontWeight: 600 }}>{t("transfer.leaveWhen")}</legend>
      {options.map(([key, words]) => (
        <label key={key} style={{ marginRight: 16 }}>
          <input type="radio" name="flex-transfer-leave-on" checked={value === key} onChange={() => choose(key)} /> {words}
        </label>
      ))}
    </fieldset>
  );
}

function ReasonField({ settings, value, choose }: { settings: Partial<Settings>; value: string; choose: (code: string) => void }): JSX.Element | null {
  const reasons = settings.handover?.reasons ?? [];
  if (reasons.length === 0) return null;
  return (
    <Field>
      {t("handover.reason")}
      <Select value={value} aria-required={settings.handover?.required} onChange={(event: React.ChangeEvent<HTMLSelectElement>) => choose(event.target.value)}>
        <option value="">{settings.handover?.required ? t("handover.choose") : t("handover.noReason")}</option>
        {reasons.map((one) => <option key={one.code} value={one.code}>{label(one)}</option>)}
      </Select>
    </Field>
  );
}
