// How times and names are written on the page.

import { locale, t } from "./words.js";

const TENTHS = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** 14:03, or 02:03 PM where the reader's locale counts so. */
export function clock(date) {
  const at = new Date(date);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
}

/** 14:03:07.120, the same everywhere, for the trace. */
export function exact(date) {
  const at = new Date(date);
  if (Number.isNaN(at.getTime())) return "";
  const pad = (n, width = 2) => String(n).padStart(width, "0");
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

/** A span of milliseconds in words that fit a line: 0.4 s, 4 s, 2 min 5 s. */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.95) return t("time.seconds", { n: seconds.toLocaleString(locale(), TENTHS) });
  if (seconds < 59.5) return t("time.seconds", { n: Math.round(seconds) });
  const whole = Math.round(seconds);
  return t("time.minutes", { m: Math.floor(whole / 60), s: whole % 60 });
}

/** Milliseconds as a short number for the trace: 0.4, 12, 1,204. */
export function millis(ms) {
  if (!(ms >= 0)) return "";
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en-US");
}

/** The initials of a name, for its avatar. */
export function initials(name) {
  const parts = String(name ?? "").trim().split(/\s+/).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return letters.map((part) => [...part][0]).join("").toUpperCase();
}

/** The first of a person's names. */
export function firstName(name) {
  return String(name ?? "").trim().split(/\s+/)[0] ?? "";
}
