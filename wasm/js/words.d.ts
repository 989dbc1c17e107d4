/** The languages that there are files for in web/words; the first is the one that all others fall back to. */
export const LANGUAGES: readonly string[];

/** The texts of one language by key, as its file has them. */
export type Texts = Record<string, string>;
export type Values = Record<string, string | number>;

/** The language of the texts, and the locale for times and numbers, for a reader of these tags, the most wanted first. */
export function chooseLanguage(tags: readonly (string | null | undefined)[]): { language: string; locale: string };

export interface Words {
  /** The text of a key, with {name} replaced by values.name; values.n chooses between key_one and key_other. */
  t(key: string, values?: Values): string;
  /** The text of a reason code; message is what the server or the rules said, for codes without a text. */
  reason(code: string, message?: string, values?: Values): string;
  readonly locale: string;
}

export function createWords(options: {
  own?: Texts;
  english?: Texts;
  locale?: string;
  onMissing?: (key: string) => void;
}): Words;

/** The label of a reason that agents choose from (settings.handover.reasons). */
export function labelOf(option: { code: string; labels?: Record<string, string> }, language: string): string;
