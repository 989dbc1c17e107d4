// The texts in the agent's language, from the files that all pages share. The build leaves out what is not used here.

import { chooseLanguage, createWords, labelOf, type Values } from "../../wasm/js/words.js";
import enUS from "../../web/words/en-US.json";
import esES from "../../web/words/es-ES.json";
import esMX from "../../web/words/es-MX.json";
import ptBR from "../../web/words/pt-BR.json";
import th from "../../web/words/th.json";
import zhHans from "../../web/words/zh-Hans.json";

const FILES: Record<string, Record<string, string>> = { "en-US": enUS, "es-ES": esES, "es-MX": esMX, "pt-BR": ptBR, th, "zh-Hans": zhHans };
const onMissing = (key: string) => console.error(`flex-transfer: no words for ${key}`);

let words = createWords({ english: enUS, onMissing });
let language = "en-US";

/** Takes the first of the tags (BCP 47) that there are texts for; English where there are none. */
export function speak(tags: readonly (string | null | undefined)[]): void {
  const chosen = chooseLanguage(tags.filter(Boolean));
  language = chosen.language;
  words = createWords({ own: FILES[language], english: enUS, locale: chosen.locale, onMissing });
}

/** The text of a key. */
export const t = (key: string, values?: Values): string => words.t(key, values);

/** The text of a reason code; message is what the backend said in English, for codes without a text. */
export const reason = (code: string, message = ""): string => words.reason(code, message);

/** The label of a reason that agents choose from. */
export const label = (option: { code: string; labels?: Record<string, string> }): string => labelOf(option, language);

export const locale = (): string => words.locale;

/** A span of milliseconds: 4 s, 2 min 5 s. */
export function span(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1000);
  if (seconds < 60) return t("time.seconds", { n: seconds });
  return t("time.minutes", { m: Math.floor(seconds / 60), s: seconds % 60 });
}

/** Names as a list: Ada, Bea and Chidi. */
export const listOf = (names: string[]): string => new Intl.ListFormat(words.locale, { type: "conjunction" }).format(names);
