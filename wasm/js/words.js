// Texts for people, from one JSON file per language (web/words/<language>.json): {"key": "text with {name}"}. Who needs them
// gets the files by its own means, a page by fetch, a plugin by its build, and hands them over.

/** The languages that there are files for; the first is the one that all others fall back to. */
export const LANGUAGES = ["en-US", "es-ES", "es-MX", "pt-BR", "th", "zh-Hans"];
const ENGLISH = LANGUAGES[0];
/** Where Spanish is written as in Spain; everywhere else it is written as in Latin America (CLDR's es-419). */
const AS_IN_SPAIN = ["ES", "EA", "IC", "GQ", "PH"];

/**
 * What a reader of these tags (BCP 47, the most wanted first) is served: the language of the texts, and the locale for
 * times and numbers, which is the reader's own tag: en-GB reads the en-US texts with 24 hours. Tags without texts, and
 * what is no tag, are passed over.
 */
export function chooseLanguage(tags) {
  for (const tag of tags) {
    const language = languageOf(tag);
    if (language) return { language, locale: tag };
  }
  return { language: ENGLISH, locale: ENGLISH };
}

/** The language of the texts for one tag; undefined where there is none: Traditional Chinese is not served Simplified. */
function languageOf(tag) {
  let wanted;
  try {
    wanted = new Intl.Locale(tag).maximize();
  } catch {
    return undefined;
  }
  const { language, script, region } = wanted;
  if (language === "es") return AS_IN_SPAIN.includes(region) ? "es-ES" : "es-MX";
  const served = LANGUAGES.find((one) => new Intl.Locale(one).language === language);
  return served && new Intl.Locale(served).maximize().script === script ? served : undefined;
}

/**
 * Texts in one language. own are those of the language, english stand in for what it misses, locale is for numbers and
 * plurals. onMissing(key) is told of a key that neither has; the key itself is shown then.
 */
export function createWords({ own = {}, english = {}, locale = ENGLISH, onMissing = () => {} } = {}) {
  const plurals = new Intl.PluralRules(locale);
  const find = (key) => own[key] ?? english[key];

  /**
   * The text of a key, with {name} replaced by values.name. Where there are texts key_one and key_other, values.n chooses
   * by the language's rules.
   */
  function t(key, values = {}) {
    const text = find(key) ?? counted(key, values.n);
    if (text !== undefined) return fill(text, values);
    onMissing(key);
    return key;
  }

  function counted(key, n) {
    return (typeof n === "number" && plurals.select(n) === "one" ? find(`${key}_one`) : undefined) ?? find(`${key}_other`);
  }

  /**
   * The text of a reason code: this language's words, else what the server or the rules said in English, else a general
   * sentence that names the code. A text whose values did not come is not shown with holes in it.
   */
  function reason(code, message, values = {}) {
    if (!code) return message ?? "";
    const text = find(`reason.${code}`);
    const filled = text === undefined ? undefined : fill(text, values);
    if (filled !== undefined && !/\{\w+\}/.test(filled)) return filled;
    return message || t("error.unknown", { code });
  }
  return { t, reason, locale };
}

/**
 * The label of a reason that agents choose from, as the settings have it: {code, labels: {"": "…", "es-ES": "…"}}. It is
 * that of the language, else of the language without its region, else the one for all others, else the code.
 */
export function labelOf(option, language) {
  const labels = option.labels ?? {};
  return labels[language] || labels[language.split("-")[0]] || labels[""] || option.code;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
