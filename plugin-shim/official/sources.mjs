// Makes the folder src that Twilio's plugin scripts build: the plugin's own sources, the module's loader and the texts, which
// must all lie in it. Run before each build and each deployment (make plugin-official does). The types are taken off, since
// the scripts know only TypeScript of long ago; make plugin has checked them.

import { transformSync } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { keysIn, usedWords } from "../words.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const OURS = join(HERE, "../src");
const RULES = join(HERE, "../../wasm/js");
const WORDS = join(HERE, "../../web/words");
const TO = join(HERE, "src");
/** What the scripts begin with; they want to find loadPlugin there. */
const INDEX = `import * as FlexPlugin from "@twilio/flex-plugin";
import { FlexTransferPlugin } from "./plugin";

FlexPlugin.loadPlugin(FlexTransferPlugin);
`;

const versionIn = (file) => JSON.parse(readFileSync(join(HERE, file), "utf8")).version;
const version = versionIn("../package.json");
if (versionIn("package.json") !== version) throw new Error(`plugin-shim/official/package.json has version ${versionIn("package.json")}, plugin-shim/package.json ${version}: set both`);

rmSync(TO, { recursive: true, force: true });
mkdirSync(join(TO, "words"), { recursive: true });
for (const name of readdirSync(OURS, { recursive: true }).filter((one) => /\.tsx?$/.test(one) && one !== "index.ts")) copy(name);
writeFileSync(join(TO, "index.js"), INDEX);
cpSync(RULES, join(TO, "module"), { recursive: true, filter: (path) => path === RULES || (/\.js$/.test(path) && !/\.test\./.test(path)) });
for (const name of readdirSync(WORDS)) writeFileSync(join(TO, "words", name), usedWords(readFileSync(join(WORDS, name), "utf8"), keysIn(OURS)));

/** Copies a source, with what it imports from elsewhere beside it. */
function copy(name) {
  const up = relative(dirname(join(TO, name)), TO) || ".";
  const text = readFileSync(join(OURS, name), "utf8").replace(/"(?:\.\.\/)+wasm\/js\//g, `"${up}/module/`).replace(/"(?:\.\.\/)+web\/words\//g, `"${up}/words/`);
  const { code } = transformSync(text, { loader: name.endsWith("x") ? "tsx" : "ts", jsx: "transform", target: "es2022", sourcefile: name.split("/").at(-1), sourcemap: "inline" });
  const file = join(TO, name.replace(/\.tsx?$/, ".js"));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}
