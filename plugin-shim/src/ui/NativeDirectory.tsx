// Flex's own directory, for accounts that prefer it (directory.source: native): narrowed to what the rules allow, with the
// buttons that they allow. For tasks that are not ours it stays as it is.

import type { ITask } from "@twilio/flex-ui";
import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import { isMessaging } from "../actions";
import type { Desk } from "../desk";
import type { NativeFilters } from "../directory";
import { useChanges } from "../observable";
import { channelOf } from "../records";
import { isNative } from "../settings";
import { reason, t } from "../texts";
import { Guard } from "./Guard";
import { Bad, Box, Small } from "./parts";

/** What Flex's WorkerDirectoryTabs takes. Source: its typings (WorkerDirectory.definitions.d.ts). */
interface TabsProps {
  task?: ITask;
  isWarmTransferEnabled?: boolean;
  hiddenWorkerFilter?: string;
  /** From Flex UI 2.2 on. */
  queueFilter?: (queue: { sid: string }) => boolean;
}

/** Wraps the tabs of Flex's directory; what other plugins have set on them counts besides. */
export function narrowNativeDirectory(desk: Desk): void {
  Flex.WorkerDirectoryTabs.Content.addWrapper(((Original: React.ComponentType<TabsProps>) => function NarrowedTabs(props: TabsProps) {
    const { task } = props;
    useChanges(desk);
    const ours = task && channelOf(task) && isMessaging(task) && isNative(desk.settings) && desk.screen(task) && !desk.screen(task)!.notice;
    if (!ours) return <Original {...props} />;
    return <Guard key={task.sid} instead={<Original {...props} />}><Narrowed desk={desk} task={task} Original={Original} {...props} /></Guard>;
  }) as never);
}

type NarrowedProps = TabsProps & { desk: Desk; task: ITask; Original: React.ComponentType<TabsProps> };

/** Flex reads the filters when the tabs come up and with each search: so they come up once the filters are known. */
export function Narrowed({ desk, task, Original, ...props }: NarrowedProps): JSX.Element {
  useChanges(desk);
  const [failed, setFailed] = React.useState(false);
  React.useEffect(() => {
    desk.warm(task).then((ok) => setFailed(!ok));
  }, [desk, task.taskSid]);
  const known = desk.directory.known;
  const filters = React.useMemo(() => (known ? desk.nativeFilters(task) : null), [known, task.taskSid]);
  if (!filters && !failed) return <Box><Small role="status">{t("directory.loading")}</Small></Box>;
  const screen = desk.screen(task);
  const cold = screen?.cold.state === "enabled";
  return (
    <>
      {failed && <Box><Bad role="alert">{t("directory.failed")}</Bad></Box>}
      {!cold && <style>{`.Twilio-WorkerDirectory [data-testid$="cold-transfer-button"]{display:none!important}`}</style>}
      {!cold && screen?.cold.reason && <Box><Small data-testid="flex-transfer-why-not">{reason(screen.cold.reason)}</Small></Box>}
      <Original {...props} task={task} isWarmTransferEnabled={screen?.warm.state === "enabled"} {...(filters && narrowed(props, filters))} />
    </>
  );
}

/** The filters of the rules beside those that are set already. */
function narrowed({ hiddenWorkerFilter: workers, queueFilter }: TabsProps, filters: NativeFilters): TabsProps {
  const ours = filters.hiddenWorkerFilter;
  const may = new Set(filters.queueSids);
  return {
    hiddenWorkerFilter: workers && ours ? `(${workers}) AND (${ours})` : workers || ours,
    queueFilter: (queue) => may.has(queue.sid) && (queueFilter?.(queue) ?? true),
  };
}
