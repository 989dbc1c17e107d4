// The page's texts, from web/words/<language>.json.

const LANGUAGES = ["en-US"];
let words = {};

/** Loads the texts of the reader's language, English if there are none in it. Call it before t(). */
export async function loadWords() {
  const wanted = navigator.languages?.find((language) => LANGUAGES.includes(language)) ?? LANGUAGES[0];
  const response = await fetch(`/web/words/${wanted}.json`);
  if (!response.ok) throw new Error(`words ${wanted}: status ${response.status}`);
  words = await response.json();
  document.documentElement.lang = wanted;
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
