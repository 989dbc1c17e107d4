// Notifications, through Flex's own.

import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import { t } from "./texts";

const IDS = { error: "FlexTransferError", info: "FlexTransferInfo", success: "FlexTransferSuccess" } as const;
const SHOW_MS = 8000;

export interface Notice {
  kind: keyof typeof IDS;
  text: string;
  /** Something to be tried again. */
  retry?: () => void;
}

/** Registers the notifications with Flex; before show is called. */
export function registerNotices(): void {
  const types = { error: Flex.NotificationType.error, info: Flex.NotificationType.information, success: Flex.NotificationType.success };
  for (const kind of Object.keys(IDS) as (keyof typeof IDS)[]) {
    Flex.Notifications.registerNotification({ id: IDS[kind], closeButton: true, content: <NoticeContent />, type: types[kind], timeout: SHOW_MS });
  }
}

/** Shows a notification. */
export function show({ kind, ...notice }: Notice): void {
  Flex.Notifications.showNotification(IDS[kind], notice);
}

/** Flex gives what showNotification was given. */
export function NoticeContent({ notificationContext: notice }: { notificationContext?: Omit<Notice, "kind"> }): JSX.Element {
  return (
    <span data-testid="flex-transfer-notice">
      {notice?.text}{" "}
      {notice?.retry && (
        <button type="button" onClick={notice.retry} style={{ font: "inherit", textDecoration: "underline", background: "none", border: 0, color: "inherit", cursor: "pointer" }}>
          {t("notice.retry")}
        </button>
      )}
    </span>
  );
}
