// The page's texts, from web/words/<language>.json. Another language is one more file, named in LANGUAGES.

const LANGUAGES = ["en-US", "es-ES", "es-MX", "pt-BR", "th", "zh-Hans"];
const ENGLISH = LANGUAGES[0];
/** Where Spanish is written as in Spain; everywhere else it is written as in Latin America (CLDR's es-419). */
const AS_IN_SPAIN = ["ES", "EA", "IC", "GQ", "PH"];

let words = {};
let formats = ENGLISH;

/**
 * Loads the texts of the reader's language: that of ?lang=, else the first of the browser's languages that there are texts
 * in, else English. A key that a language misses keeps its English text. Call it before t().
 */
export async function loadWords() {
  const { language, locale } = chooseLanguage([new URLSearchParams(location.search).get("lang"), ...(navigator.languages ?? [])]);
  const [english, own] = await Promise.all([wordsOf(ENGLISH), language === ENGLISH ? {} : wordsOf(language)]);
  words = { ...english, ...own };
  formats = locale;
  document.documentElement.lang = language;
}

async function wordsOf(language) {
  const response = await fetch(`/web/words/${language}.json`);
  if (!response.ok) throw new Error(`words ${language}: status ${response.status}`);
  return response.json();
}

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

/** The reader's locale, for Intl. */
export function locale() {
  return formats;
}

/** The text of a key, with {name} replaced by values.name. */
export function t(key, values = {}) {
  const text = words[key];
  if (text === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return fill(text, values);
}

/**
 * The text of a reason code: this language's words, else what the server or the rules said in English, else a general
 * sentence that names the code.
 */
export function reason(code, message) {
  if (!code) return message ?? "";
  return words[`reason.${code}`] ?? (message || t("error.unknown", { code }));
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
