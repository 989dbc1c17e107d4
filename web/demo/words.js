// The page's texts, from web/words/<language>.json.

import { chooseLanguage, createWords, labelOf, LANGUAGES } from "/wasm/words.js";

export { chooseLanguage };

let words = createWords();
let language = LANGUAGES[0];

/**
 * Loads the texts of the reader's language: that of ?lang=, else the first of the browser's languages that there are texts
 * in, else English. A key that a language misses keeps its English text. Call it before t().
 */
export async function loadWords() {
  const chosen = chooseLanguage([new URLSearchParams(location.search).get("lang"), ...(navigator.languages ?? [])]);
  const [english, own] = await Promise.all([LANGUAGES[0], chosen.language].map(wordsOf));
  words = createWords({ english, own, locale: chosen.locale, onMissing: (key) => console.error(`no words for ${key}`) });
  language = chosen.language;
  document.documentElement.lang = language;
}

const asked = new Map();

/** The texts of a language, fetched once. */
function wordsOf(name) {
  if (!asked.has(name)) asked.set(name, fetchWords(name));
  return asked.get(name);
}

async function fetchWords(name) {
  const response = await fetch(`/web/words/${name}.json`);
  if (!response.ok) throw new Error(`words ${name}: status ${response.status}`);
  return response.json();
}

/** The reader's locale, for Intl. */
export const locale = () => words.locale;

/** The text of a key, with {name} replaced by values.name; values.n chooses between one and many. */
export const t = (key, values) => words.t(key, values);

/** The text of a reason code; message is what the server or the rules said in English, for codes without a text. */
export const reason = (code, message, values) => words.reason(code, message, values);

/** The label of a reason that agents choose from. */
export const label = (option) => labelOf(option, language);
