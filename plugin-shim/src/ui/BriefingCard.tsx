// What the agent who handed a conversation over says to the one who takes it: the reason, the notes, a summary.

import type { ITask } from "@twilio/flex-ui";
import * as React from "react";
import type { Settings } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import { useChanges } from "../observable";
import { label, reason, t } from "../texts";
import { Small, Strip } from "./parts";

export function BriefingCard({ desk, task }: { desk: Desk; task?: ITask }): JSX.Element | null {
  useChanges(desk);
  const [open, setOpen] = React.useState(true);
  const briefing = task ? desk.screen(task)?.briefing : null;
  if (!task || !briefing || !(briefing.from || briefing.rescued || briefing.reason || briefing.notes || briefing.digest || briefing.pending)) return null;
  const { digest } = briefing;
  return (
    <Strip role="region" aria-label={t("briefing.label")} data-testid="flex-transfer-briefing" style={{ display: "block", maxHeight: "40vh", overflowY: "auto" }}>
      <button type="button" aria-expanded={open} title={open ? t("briefing.hide") : t("briefing.show")} onClick={() => setOpen(!open)}
        style={{ font: "inherit", fontWeight: 600, border: 0, padding: 0, background: "none", color: "inherit", cursor: "pointer" }}>
        {open ? "▾" : "▸"} {titleOf(task, briefing.from)}
      </button>
      {open && (
        <>
          {briefing.rescued && <p style={{ margin: "4px 0", fontWeight: 600 }}>{t("briefing.rescued")}</p>}
          {briefing.reason && <p style={{ margin: "4px 0", fontWeight: 600 }}>{reasonLabel(briefing.reason, desk.settings)}</p>}
          {briefing.notes && <p style={{ margin: "4px 0", whiteSpace: "pre-wrap" }}>{briefing.notes}</p>}
          {(digest || briefing.pending) && <Small>{t("briefing.digest")}: {digest ? sourceOf(digest) : t("briefing.pending")}</Small>}
          {digest?.text && <p style={{ margin: "4px 0", whiteSpace: "pre-wrap" }}>{digest.text}</p>}
          <Small>{t("briefing.private")}</Small>
        </>
      )}
    </Strip>
  );
}

function titleOf(task: ITask, from: string): string {
  if (!from) return t("briefing.label");
  return task.attributes.transferPlan?.mode === "warm" ? t("briefing.invitedBy", { name: from }) : t("briefing.from", { name: from });
}

function reasonLabel(code: string, settings: Partial<Settings> | null): string {
  const option = settings?.handover?.reasons.find((one) => one.code === code);
  return option ? label(option) : code;
}

function sourceOf(digest: { failure: string; failureMessage: string; service: boolean }): string {
  if (digest.failure) return reason(digest.failure, digest.failureMessage);
  return digest.service ? t("briefing.byService") : t("briefing.byMessages");
}
