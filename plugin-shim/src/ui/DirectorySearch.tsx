// A search box over the list of agents and queues: favourites and recents first. Who is there and who can be chosen, and why
// not, is the rules' word. The keyboard does all of it from the search box.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { DirectoryLine, Mode, Screen } from "../../../wasm/js/loader.js";
import type { Desk } from "../desk";
import type { Choice } from "../panels";
import { t } from "../texts";
import { rowId, TargetLine } from "./TargetLine";
import { Bad, Box, Grid, GroupHead, Head, Input, Row, Small } from "./parts";

const PAGE = 5;
const GRID = "flex-transfer-grid";
const KEYS = "flex-transfer-keys";

interface Props {
  desk: Desk;
  task: ITask;
  failed: boolean;
  choose: (choice: Choice) => void;
  close: () => void;
}

export function DirectorySearch({ desk, task, failed, choose, close }: Props): JSX.Element {
  const [query, setQuery] = React.useState("");
  const [activeSid, setActive] = React.useState("");
  const [, again] = React.useReducer((n: number) => n + 1, 0);
  const screen = desk.screen(task);
  const { lines, total } = desk.find(task, query.trim());
  const active = lines.find((one) => one.sid === activeSid) ?? lines.find((one) => one.enabled) ?? lines[0];
  const modes = modesOf(screen);
  React.useEffect(() => document.getElementById(rowId(active?.sid))?.scrollIntoView?.({ block: "nearest" }), [active?.sid]);

  const pick = (target: DirectoryLine | undefined, mode: Mode | undefined) => {
    if (!target?.enabled || !mode || !modes.includes(mode)) return;
    desk.recents.add(target.sid);
    choose({ target, mode });
  };
  const star = (target: DirectoryLine | undefined) => {
    if (target) desk.favourites.toggle(target.sid);
    again();
  };
  const key = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[event.key];
    if (step && active) setActive(stepped(lines, lines.indexOf(active), step).sid);
    else if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    else if (event.shiftKey) star(active);
    else pick(active, event.altKey ? "warm" : modes[0]);
    event.preventDefault();
  };
  return (
    <>
      <Box>
        <Row>
          <Head>{t("directory.title")}</Head>
          <Flex.IconButton icon="Close" aria-label={t("directory.close")} onClick={close} />
        </Row>
        <Input
          autoFocus type="text" role="combobox" autoComplete="off" spellCheck={false} aria-autocomplete="list" aria-haspopup="grid" aria-expanded={lines.length > 0}
          aria-controls={GRID} aria-activedescendant={active && rowId(active.sid)} aria-describedby={KEYS} aria-label={t("directory.search")} placeholder={t("directory.search")}
          value={query} onKeyDown={key} onChange={(event: React.ChangeEvent<HTMLInputElement>) => { setQuery(event.target.value); setActive(""); }}
        />
        <State known={desk.directory.known} failed={failed} total={total} query={query} />
      </Box>
      <Grid role="grid" id={GRID} aria-label={t("directory.title")}>
        {screen && groupsOf(lines).map((group) => (
          <div key={group[0]!.group} role="rowgroup" aria-label={headOf(group[0]!.group)}>
            <GroupHead aria-hidden="true">{headOf(group[0]!.group)}</GroupHead>
            {group.map((target) => (
              <TargetLine key={target.sid} target={target} screen={screen} active={target === active} point={() => setActive(target.sid)} pick={(mode) => pick(target, mode)} star={() => star(target)} />
            ))}
          </div>
        ))}
      </Grid>
      {total > lines.length && <Box><Small>{t("directory.more", { n: total - lines.length })}</Small></Box>}
      <KeysHint modes={modes} />
    </>
  );
}

/** What the rules allow to be done here, what is usual first. */
function modesOf(screen: Screen | null): Mode[] {
  return (["cold", "warm"] as const).filter((mode) => screen?.[mode].state === "enabled");
}

/** The line some steps on: single steps go round, pages stop at the ends. */
function stepped(lines: DirectoryLine[], from: number, step: number): DirectoryLine {
  const last = lines.length - 1;
  const to = from + step;
  const round = Math.abs(step) === 1;
  return lines[to < 0 ? (round ? last : 0) : to > last ? (round ? 0 : last) : to]!;
}

function groupsOf(lines: DirectoryLine[]): DirectoryLine[][] {
  const kinds = [...new Set(lines.map((one) => one.group))];
  return kinds.map((kind) => lines.filter((one) => one.group === kind));
}

function headOf(group: DirectoryLine["group"]): string {
  return { favourite: t("directory.favourites"), recent: t("directory.recents"), worker: t("directory.agents"), queue: t("directory.queues") }[group];
}

function State({ known, failed, total, query }: { known: boolean; failed: boolean; total: number; query: string }): JSX.Element {
  return (
    <>
      <span role="status" style={{ position: "absolute", clip: "rect(0 0 0 0)" }}>{t("directory.count", { n: total })}</span>
      {!known && !failed && <Small>{t("directory.loading")}</Small>}
      {failed && <Bad role="alert">{t("directory.failed")}</Bad>}
      {known && total === 0 && <Small>{t("directory.empty", { query })}</Small>}
    </>
  );
}

/** Says which keys do what. */
function KeysHint({ modes }: { modes: Mode[] }): JSX.Element {
  const keys: [string, string][] = [["↑ ↓", t("directory.keysMove")]];
  if (modes.length > 0) keys.push(["Enter", modes[0] === "cold" ? t("directory.keysChoose") : t("directory.keysInvite")]);
  if (modes.length > 1) keys.push(["Alt+Enter", t("directory.keysInvite")]);
  keys.push(["Shift+Enter", t("directory.keysFavour")], ["Esc", t("directory.keysClose")]);
  return <Box style={{ paddingTop: 8, paddingBottom: 8 }}><Small id={KEYS} data-testid="flex-transfer-keys">{keys.map(([key, does]) => `${key} ${does}`).join(" · ")}</Small></Box>;
}
