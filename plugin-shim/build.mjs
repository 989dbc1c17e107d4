// Builds the plugin into one file that Flex's plugin loader takes: build/flex-transfer.js and its source map. React, Redux
// and Flex itself come from the page. FLEX_TRANSFER_BACKEND_URL is the backend where ui_attributes name none.

import { build } from "esbuild";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { keysIn, usedWords } from "./words.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "build/flex-transfer.js");
const { version } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
/** What the page has, by the module that it stands for. */
const GLOBALS = { react: "React", "react-dom": "ReactDOM", redux: "Redux", "react-redux": "ReactRedux", "@twilio/flex-ui": "Twilio.Flex" };

const fromPage = {
  name: "from-page",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(react|react-dom|redux|react-redux|@twilio\/flex-ui)$/ }, ({ path }) => ({ path, namespace: "from-page" }));
    onLoad({ filter: /.*/, namespace: "from-page" }, ({ path }) => ({ contents: `module.exports = window.${GLOBALS[path]};` }));
  },
};

const wordsOfOurs = {
  name: "words-of-ours",
  setup({ onLoad }) {
    const used = keysIn(join(HERE, "src"));
    onLoad({ filter: /web\/words\/[\w-]+\.json$/ }, ({ path }) => ({ contents: usedWords(readFileSync(path, "utf8"), used), loader: "json", watchFiles: [path] }));
  },
};

mkdirSync(dirname(OUT), { recursive: true });
await build({
  entryPoints: [join(HERE, "src/index.ts")], outfile: OUT, bundle: true, minify: true, format: "iife", platform: "browser", target: "es2022",
  sourcemap: "linked", jsx: "transform", legalComments: "none", charset: "utf8",
  banner: { js: `/* Flex Transfer ${version} */` },
  define: { __VERSION__: JSON.stringify(version), __BACKEND_URL__: JSON.stringify(process.env.FLEX_TRANSFER_BACKEND_URL ?? "") },
  plugins: [fromPage, wordsOfOurs],
});
const script = readFileSync(OUT);
console.log(`build/flex-transfer.js ${version}: ${script.length} bytes, ${brotliCompressSync(script).length} with brotli`);
