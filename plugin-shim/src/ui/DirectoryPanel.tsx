// The directory of agents and queues, and what is said with a transfer. Who is there and who can be chosen, and why not, is
// the rules' word.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { Mode, Screen } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import { useChanges } from "../observable";
import type { Panels } from "../panels";
import { reason, t } from "../texts";
import { Handover } from "./Handover";
import { Bad, Box, Head, InFront, Input, Line, List, Panel, Row, RuleButton, Small } from "./parts";

type Line = Screen["targets"][number];

interface Props {
  desk: Desk;
  panels: Panels;
  task: ITask;
  anchor: React.RefObject<HTMLElement>;
}

export function DirectoryPanel({ desk, panels, task, anchor }: Props): JSX.Element {
  useChanges(desk);
  const [chosen, choose] = React.useState<{ target: Line; mode: Mode } | null>(null);
  const [failed, setFailed] = React.useState(false);
  React.useEffect(() => {
    desk.warm(task).then((ok) => setFailed(!ok));
  }, [desk, task.taskSid]);
  const key = (event: React.KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (chosen) choose(null);
    else panels.close();
  };
  return (
    <InFront>
      <Panel role="dialog" aria-label={t("directory.title")} onKeyDown={key} style={placeUnder(anchor.current)} data-testid="flex-transfer-directory">
        {chosen
          ? <Handover desk={desk} task={task} {...chosen} back={() => choose(null)} done={() => panels.close()} />
          : <Search desk={desk} task={task} failed={failed} choose={choose} close={() => panels.close()} />}
      </Panel>
    </InFront>
  );
}

/** Below the button, its right edge below the button's, within the window. */
function placeUnder(anchor: HTMLElement | null): React.CSSProperties {
  const box = anchor?.getBoundingClientRect();
  return { top: (box?.bottom ?? 0) + 8, left: Math.max(16, Math.min((box?.right ?? 0) - 380, window.innerWidth - 396)) };
}

interface SearchProps {
  desk: Desk;
  task: ITask;
  failed: boolean;
  choose: (choice: { target: Line; mode: Mode }) => void;
  close: () => void;
}

function Search({ desk, task, failed, choose, close }: SearchProps): JSX.Element {
  const [query, setQuery] = React.useState("");
  const screen = desk.screen(task, query.trim());
  const targets = screen?.targets ?? [];
  const known = desk.people.known;
  return (
    <>
      <Box>
        <Row>
          <Head>{t("directory.title")}</Head>
          <Flex.IconButton icon="Close" aria-label={t("directory.close")} onClick={close} />
        </Row>
        <Input autoFocus type="text" value={query} aria-label={t("directory.search")} placeholder={t("directory.search")} onChange={(event: React.ChangeEvent<HTMLInputElement>) => setQuery(event.target.value)} />
        <span role="status" style={{ position: "absolute", clip: "rect(0 0 0 0)" }}>{t("directory.count", { n: targets.length })}</span>
        {!known && !failed && <Small>{t("directory.loading")}</Small>}
        {failed && <Bad role="alert">{t("directory.failed")}</Bad>}
        {known && targets.length === 0 && <Small>{t("directory.empty", { query })}</Small>}
      </Box>
      <List aria-label={t("directory.title")}>
        {targets.map((target) => <TargetLine key={target.sid} target={target} screen={screen!} choose={choose} />)}
      </List>
    </>
  );
}

function TargetLine({ target, screen, choose }: { target: Line; screen: Screen; choose: SearchProps["choose"] }): JSX.Element {
  const { name, kind, detail, enabled } = target;
  const why = enabled ? "" : reason(target.reason);
  const plain = detail || (kind === "queue" ? t("directory.queueDetail") : "");
  const said = why && plain ? t("directory.why", { detail: plain, reason: why }) : why || plain;
  // A target that cannot be chosen has no buttons to be tried; one that can has those that the rules allow.
  return (
    <Line data-testid="flex-transfer-target" data-sid={target.sid} aria-disabled={enabled ? undefined : true}>
      <Flex.Icon icon={kind === "queue" ? "Queues" : "Agent"} />
      <span style={{ flex: 1, minWidth: 0 }}>{name}<Small>{said}</Small></span>
      {enabled && (
        <>
          <RuleButton button={screen.warm} onPress={() => choose({ target, mode: "warm" })} label={t("transfer.inviteName", { name })} testId="flex-transfer-warm">{t("transfer.invite")}</RuleButton>
          <RuleButton button={screen.cold} onPress={() => choose({ target, mode: "cold" })} label={t("transfer.toName", { name })} variant="primary" testId="flex-transfer-cold">{t("transfer.button")}</RuleButton>
        </>
      )}
    </Line>
  );
}
