// The panel under the transfer button: the directory of agents and queues, then what is said with the transfer.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { Desk } from "../desk";
import { useChanges } from "../observable";
import type { Panels } from "../panels";
import { isNative } from "../settings";
import { t } from "../texts";
import { DirectorySearch } from "./DirectorySearch";
import { Handover } from "./Handover";
import { InFront, Panel } from "./parts";

interface Props {
  desk: Desk;
  panels: Panels;
  task: ITask;
  anchor: React.RefObject<HTMLElement>;
}

export function DirectoryPanel({ desk, panels, task, anchor }: Props): JSX.Element {
  useChanges(desk);
  const [failed, setFailed] = React.useState(false);
  const { chosen } = panels;
  React.useEffect(() => {
    desk.warm(task).then((ok) => setFailed(!ok));
    return () => giveFocusBack(anchor.current);
  }, [desk, task.taskSid]);
  const back = () => {
    if (!isNative(desk.settings)) return panels.choose(null);
    panels.close();
    void Flex.Actions.invokeAction("ShowDirectory", { task, sid: task.sid });
  };
  const key = (event: React.KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (chosen) back();
    else panels.close();
  };
  return (
    <InFront>
      <Panel role="dialog" aria-label={t("directory.title")} onKeyDown={key} style={placeUnder(anchor.current)} data-testid="flex-transfer-directory">
        {chosen
          ? <Handover desk={desk} task={task} {...chosen} back={back} done={() => panels.close()} />
          : <DirectorySearch desk={desk} task={task} failed={failed} choose={(choice) => panels.choose(choice)} close={() => panels.close()} />}
      </Panel>
    </InFront>
  );
}

/** The focus goes to the button that opened the panel, unless it is somewhere else already. */
function giveFocusBack(anchor: HTMLElement | null): void {
  if (document.activeElement === document.body) anchor?.querySelector("button")?.focus();
}

/** Below the button, its right edge below the button's, within the window. */
function placeUnder(anchor: HTMLElement | null): React.CSSProperties {
  const box = anchor?.getBoundingClientRect();
  return { top: (box?.bottom ?? 0) + 8, left: Math.max(16, Math.min((box?.right ?? 0) - 380, window.innerWidth - 396)) };
}
