// The transfer button and the Leave button in the head of a conversation, and what they open.

import * as React from "react";
import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import type { Desk } from "../desk";
import { useChanges } from "../observable";
import type { Panels } from "../panels";
import { t } from "../texts";
import { Confirm } from "./Confirm";
import { DirectoryPanel } from "./DirectoryPanel";
import { Row, RuleButton } from "./parts";

/**
 * Until there are rules the transfer button says that it is loading, unless it is known that they will offer nothing; where
 * there are none, nothing is shown.
 */
export function TransferHeader({ desk, panels, task }: { desk: Desk; panels: Panels; task?: ITask }): JSX.Element | null {
  useChanges(desk);
  useChanges(panels);
  const anchor = React.useRef<HTMLDivElement>(null);
  if (!task || task.status !== "accepted" || desk.state === "missing") return null;
  const screen = desk.screen(task);
  const button = desk.state === "loading" ? { state: desk.isOff ? ("hidden" as const) : ("busy" as const), reason: "" } : screen?.button;
  const leave = screen?.exit.kind === "leave" ? screen.exit : null;
  const open = panels.openFor === task.sid && screen?.button.state === "enabled";
  const toggle = () => (open ? panels.close() : void Flex.Actions.invokeAction("ShowDirectory", { task, sid: task.sid }));
  return (
    <Row ref={anchor} data-testid="flex-transfer-header" style={{ marginRight: 8 }}>
      <RuleButton button={button} hint={desk.state === "loading" ? t("transfer.loading") : undefined} onPress={toggle} testId="flex-transfer-button" expanded={open}>{t("transfer.button")}</RuleButton>
      <RuleButton button={leave} onPress={() => void Flex.Actions.invokeAction("LeaveChat", { task })} waiting={desk.isPressed(task.taskSid)} variant="destructive" testId="flex-transfer-leave">
        {leave?.state === "busy" ? t("desk.leaving") : t("desk.leave")}
      </RuleButton>
      {leave && leave.state !== "hidden" && <style>{".Twilio-TaskCanvasHeader-EndButton{display:none!important}"}</style>}
      {open && <DirectoryPanel desk={desk} panels={panels} task={task} anchor={anchor} />}
      <Confirm panels={panels} />
    </Row>
  );
}
