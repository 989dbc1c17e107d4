// The parts that all screens are made of, in Flex's looks.

import * as Flex from "@twilio/flex-ui";
import * as React from "react";
import { createPortal } from "react-dom";
import type { Button } from "../../../wasm/js/loader.js";
import { reason } from "../texts";

type Tokens = Flex.Theme["tokens"];
/** A style made of the tokens of Flex's theme (Paste's). */
const look = (make: (tokens: Tokens) => object): any => ({ theme }: any) => make(theme.tokens);

export const Row = Flex.styled("div")({ display: "flex", alignItems: "center", gap: 8 });

export const Panel = Flex.styled("div")(look((p) => ({
  position: "fixed", zIndex: 60, width: 380, maxWidth: "calc(100vw - 32px)", maxHeight: "min(560px, calc(100vh - 120px))", display: "flex", flexDirection: "column",
  background: p.backgroundColors.colorBackgroundBody, color: p.textColors.colorText, border: `1px solid ${p.borderColors.colorBorderWeak}`,
  borderRadius: p.radii.borderRadius20, boxShadow: p.boxShadows.shadow, fontSize: p.fontSizes.fontSize30, lineHeight: p.lineHeights.lineHeight30,
})));

export const Head = Flex.styled("h2")(look((p) => ({ margin: 0, fontSize: p.fontSizes.fontSize40, fontWeight: p.fontWeights.fontWeightSemibold, flex: 1 })));
export const Small = Flex.styled("span")(look((p) => ({ color: p.textColors.colorTextWeak, fontSize: p.fontSizes.fontSize20, lineHeight: p.lineHeights.lineHeight20, display: "block" })));
export const Bad = Flex.styled("p")(look((p) => ({ color: p.textColors.colorTextError, margin: 0, fontSize: p.fontSizes.fontSize20 })));
export const Field = Flex.styled("label")(look((p) => ({ display: "block", fontWeight: p.fontWeights.fontWeightSemibold, fontSize: p.fontSizes.fontSize30 })));
export const Box = Flex.styled("div")(look((p) => ({ padding: p.spacings.space40 })));
const line = look((p) => ({
  display: "flex", alignItems: "center", gap: 8, padding: `${p.spacings.space20} ${p.spacings.space40}`, listStyle: "none",
  "&:hover": { background: p.backgroundColors.colorBackground },
  "&[aria-selected=true]": { background: p.backgroundColors.colorBackground, boxShadow: `inset 3px 0 ${p.borderColors.colorBorderPrimary}` },
}));
export const Line = Flex.styled("li")(line);
/** A line of a grid. */
export const Entry = Flex.styled("div")(line);
/** The name of a group of lines. */
export const GroupHead = Flex.styled("div")(look((p) => ({
  padding: `${p.spacings.space20} ${p.spacings.space40} 0`, color: p.textColors.colorTextWeak, fontSize: p.fontSizes.fontSize20, fontWeight: p.fontWeights.fontWeightSemibold,
})));
/** Pressed for a favourite. */
export const Star = Flex.styled("button")(look((p) => ({
  padding: 2, border: 0, background: "none", font: "inherit", lineHeight: 1, cursor: "pointer", color: p.textColors.colorTextWeak, opacity: 0.35,
  "&[aria-pressed=true]": { color: p.textColors.colorTextWarningStrong, opacity: 1 }, "&:hover, &:focus-visible": { opacity: 1 },
})));
export const Strip = Flex.styled("div")(look((p) => ({
  display: "flex", alignItems: "center", gap: 8, padding: `${p.spacings.space30} ${p.spacings.space40}`, fontSize: p.fontSizes.fontSize30,
  lineHeight: p.lineHeights.lineHeight20, background: p.backgroundColors.colorBackgroundPrimaryWeakest, color: p.textColors.colorText,
  borderBottom: `1px solid ${p.borderColors.colorBorderWeaker}`, "&[data-ended=failed]": { background: p.backgroundColors.colorBackgroundErrorWeakest },
})));
export const Badge = Flex.styled("span")(look((p) => ({
  display: "inline-block", minWidth: 16, padding: "0 5px", marginLeft: 6, borderRadius: 10, textAlign: "center", fontSize: p.fontSizes.fontSize20,
  lineHeight: p.lineHeights.lineHeight20, background: p.backgroundColors.colorBackgroundStrong, color: p.textColors.colorText,
})));

const input = look((p) => ({
  display: "block", boxSizing: "border-box", width: "100%", padding: `${p.spacings.space20} ${p.spacings.space30}`, font: "inherit", fontWeight: "normal",
  color: p.textColors.colorText, background: p.backgroundColors.colorBackgroundBody, border: `1px solid ${p.borderColors.colorBorder}`, borderRadius: p.radii.borderRadius20,
  "&:focus": { outline: "none", boxShadow: p.boxShadows.shadowFocus, borderColor: "transparent" },
}));
export const Input = Flex.styled("input")(input);
export const Select = Flex.styled("select")(input);
export const Area = Flex.styled("textarea")(input);

export const Grid = Flex.styled("div")({ overflowY: "auto", flex: 1 });

/** A list without dots. */
export const List = Flex.styled("ul")({ margin: 0, padding: 0, overflowY: "auto", flex: 1 });

interface RuleButtonProps {
  /** As the rules have it; nothing is shown for null and hidden. */
  button: Button | null | undefined;
  children: React.ReactNode;
  onPress: () => void;
  /** Its own request is on its way. */
  waiting?: boolean;
  label?: string;
  /** What is said of a button that is busy or cannot be used, where its reason says nothing. */
  hint?: string;
  variant?: "primary" | "secondary" | "destructive";
  testId: string;
  expanded?: boolean;
  tabIndex?: number;
}

/** A button whose state and reason come from the rules. One that cannot be used says why. */
export function RuleButton({ button, children, onPress, waiting = false, label, hint, variant = "secondary", testId, expanded, tabIndex }: RuleButtonProps): JSX.Element | null {
  if (!button || button.state === "hidden") return null;
  const usable = button.state === "enabled" && !waiting;
  const busy = button.state === "busy" || waiting;
  const why = usable || waiting ? undefined : reason(button.reason) || hint;
  return (
    <Flex.Button
      variant={variant} size="small" type="button" data-testid={testId} data-state={busy ? "busy" : button.state} aria-label={label} title={why}
      aria-disabled={usable ? undefined : true} aria-busy={busy || undefined} aria-expanded={expanded} tabIndex={tabIndex}
      style={usable ? undefined : { opacity: 0.55, cursor: busy ? "progress" : "not-allowed" }} onClick={() => usable && onPress()}
    >
      {children}
    </Flex.Button>
  );
}

/** Something in front of the page, at its own place, still within React's context. */
export function InFront({ children }: { children: React.ReactNode }): JSX.Element {
  return createPortal(children, document.body);
}
