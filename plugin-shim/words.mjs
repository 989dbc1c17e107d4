// Which texts of web/words the plugin says: builds leave the others out, which are those of other screens.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The keys of texts that the sources in a folder say. */
export function keysIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.tsx?$/.test(name));
  const text = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  return new Set(["error.unknown", ...[...text.matchAll(/\bt\("([\w.]+)"/g)].map(([, key]) => key)]);
}

/** A file of texts (JSON) without those that are not used. Reasons come from the backend, so all of them stay. */
export function usedWords(json, used) {
  const kept = Object.entries(JSON.parse(json)).filter(([key]) => key.startsWith("reason.") || used.has(key.replace(/_(one|other)$/, "")));
  return JSON.stringify(Object.fromEntries(kept));
}
