// The directory of agents and queues, and what is said with a transfer. Who is there and who can be chosen, and why not, is
// the rules' word.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { DirectoryLine, Mode, Screen } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import { useChanges } from "../observable";
import type { Panels } from "../panels";
import { reason, span, t } from "../texts";
import { Handover } from "./Handover";
import { Bad, Box, Head, InFront, Input, Line, List, Panel, Row, RuleButton, Small } from "./parts";

interface Props {
  desk: Desk;
  panels: Panels;
  task: ITask;
  anchor: React.RefObject<HTMLElement>;
}

export function DirectoryPanel({ desk, panels, task, anchor }: Props): JSX.Element {
  useChanges(desk);
  const [chosen, choose] = React.useState<{ target: DirectoryLine; mode: Mode } | null>(null);
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
  choose: (choice: { target: DirectoryLine; mode: Mode }) => void;
  close: () => void;
}

function Search({ desk, task, failed, choose, close }: SearchProps): JSX.Element {
  const [query, setQuery] = React.useState("");
  const screen = desk.screen(task);
  const { lines, total } = desk.find(task, query.trim());
  const { known } = desk.directory;
  return (
    <>
      <Box>
        <Row>
          <Head>{t("directory.title")}</Head>
          <Flex.IconButton icon="Close" aria-label={t("directory.close")} onClick={close} />
        </Row>
        <Input autoFocus type="text" value={query} aria-label={t("directory.search")} placeholder={t("directory.search")} onChange={(event: React.ChangeEvent<HTMLInputElement>) => setQuery(event.target.value)} />
        <span role="status" style={{ position: "absolute", clip: "rect(0 0 0 0)" }}>{t("directory.count", { n: total })}</span>
        {!known && !failed && <Small>{t("directory.loading")}</Small>}
        {failed && <Bad role="alert">{t("directory.failed")}</Bad>}
        {known && total === 0 && <Small>{t("directory.empty", { query })}</Small>}
      </Box>
      <List aria-label={t("directory.title")}>
        {screen && lines.map((target) => <TargetLine key={target.sid} target={target} screen={screen} choose={choose} />)}
      </List>
      {total > lines.length && <Box><Small>{t("directory.more", { n: total - lines.length })}</Small></Box>}
    </>
  );
}

function TargetLine({ target, screen, choose }: { target: DirectoryLine; screen: Screen; choose: SearchProps["choose"] }): JSX.Element {
  const { name, kind, detail, enabled } = target;
  const why = enabled ? "" : reason(target.reason);
  const plain = detail || (kind === "queue" ? figuresText(target) : "");
  const said = why && plain ? t("directory.why", { detail: plain, reason: why }) : why || plain;
  // A target that cannot be chosen has no buttons to be tried; one that can has those that the rules allow.
  return (
    <Line data-testid="flex-transfer-target" data-sid={target.sid} aria-disabled={enabled ? undefined : true}>
      <Flex.Icon icon={kind === "queue" ? "Queues" : "DefaultAvatar"} />
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

/** How a queue stands, as far as it is known. */
function figuresText({ figures }: DirectoryLine): string {
  if (!figures) return t("directory.queueDetail");
  const parts = [t("directory.available", { n: figures.available }), t("directory.waiting", { n: figures.waiting })];
  if (figures.waiting > 0) parts.push(t("directory.longest", { span: span(figures.longestWait * 1000) }));
  return parts.join(" · ");
}
