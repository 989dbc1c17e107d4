// One agent or queue in the directory, and what can be done with it.

import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { DirectoryLine, Mode, Screen } from "../../../wasm/js/loader.js";
import { reason, span, t } from "../texts";
import { Entry, RuleButton, Small, Star } from "./parts";

/** The id of a line's element. */
export const rowId = (sid = ""): string => `flex-transfer-row-${sid}`;

interface Props {
  target: DirectoryLine;
  screen: Screen;
  /** The keyboard is on it. */
  active: boolean;
  /** Puts the keyboard on it. */
  point: () => void;
  pick: (mode: Mode) => void;
  star: () => void;
}

export function TargetLine({ target, screen, active, point, pick, star }: Props): JSX.Element {
  const { name, kind, enabled } = target;
  const favourite = target.group === "favourite";
  const reach = active ? 0 : -1; // with Tab, only the buttons of the line that the keyboard is on
  // A target that cannot be chosen has no buttons to be tried; one that can has those that the rules allow.
  return (
    <Entry role="row" id={rowId(target.sid)} aria-selected={active} aria-disabled={enabled ? undefined : true} data-testid="flex-transfer-target" data-sid={target.sid} onClick={point}>
      <Flex.Icon icon={kind === "queue" ? "Queues" : "DefaultAvatar"} />
      <span role="gridcell" style={{ flex: 1, minWidth: 0 }}>{name}<Small>{saidOf(target)}</Small></span>
      <span role="gridcell">
        <Star type="button" tabIndex={reach} aria-pressed={favourite} title={favourite ? t("directory.unfavour", { name }) : t("directory.favour", { name })} data-testid="flex-transfer-star" onClick={star}>★</Star>
      </span>
      {enabled && (
        <span role="gridcell" style={{ display: "flex", gap: 8 }}>
          <RuleButton button={screen.warm} tabIndex={reach} onPress={() => pick("warm")} label={t("transfer.inviteName", { name })} testId="flex-transfer-warm">{t("transfer.invite")}</RuleButton>
          <RuleButton button={screen.cold} tabIndex={reach} onPress={() => pick("cold")} label={t("transfer.toName", { name })} variant="primary" testId="flex-transfer-cold">{t("transfer.button")}</RuleButton>
        </span>
      )}
    </Entry>
  );
}

/** What is said of a target under its name, and why it cannot be chosen. */
function saidOf(target: DirectoryLine): string {
  const why = target.enabled ? "" : reason(target.reason);
  const plain = target.detail || (target.kind === "queue" ? figuresText(target) : "");
  return why && plain ? t("directory.why", { detail: plain, reason: why }) : why || plain;
}

/** How a queue stands, as far as it is known. */
function figuresText({ figures }: DirectoryLine): string {
  if (!figures) return t("directory.queueDetail");
  const parts = [t("directory.available", { n: figures.available }), t("directory.waiting", { n: figures.waiting })];
  if (figures.waiting > 0) parts.push(t("directory.longest", { span: span(figures.longestWait * 1000) }));
  return parts.join(" · ");
}
