// A question before something that cannot be taken back.

import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import type { Panels } from "../panels";
import { t } from "../texts";
import { Box, Head, InFront, Panel, Row } from "./parts";

export function Confirm({ panels }: { panels: Panels }): JSX.Element | null {
  const { question } = panels;
  if (!question) return null;
  const key = (event: React.KeyboardEvent) => event.key === "Escape" && panels.answer(false);
  return (
    <InFront>
      <div style={{ position: "fixed", inset: 0, zIndex: 59, background: "rgba(18, 28, 45, 0.4)" }} />
      <Panel key={question.title} role="alertdialog" aria-modal="true" aria-label={question.title} onKeyDown={key} style={{ top: "30%", left: "50%", transform: "translateX(-50%)" }}>
        <Box>
          <Head>{question.title}</Head>
          <p style={{ margin: "8px 0 16px" }}>{question.text}</p>
          <Row style={{ justifyContent: "flex-end" }}>
            <Flex.Button autoFocus variant="secondary" size="small" onClick={() => panels.answer(false)}>{t("transfer.back")}</Flex.Button>
            <Flex.Button variant="destructive" size="small" data-testid="flex-transfer-yes" onClick={() => panels.answer(true)}>{question.yes}</Flex.Button>
          </Row>
        </Box>
      </Panel>
    </InFront>
  );
}
