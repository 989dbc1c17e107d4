// Builds the plugin into one file that Flex's plugin loader takes: build/flex-transfer.js and its source map. React, Redux
// and Flex itself come from the page. FLEX_TRANSFER_BACKEND_URL is the backend where ui_attributes name none.

import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

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

/** Leaves the texts out that the plugin never says: those of other screens. Reasons come from the backend, so all stay. */
const usedWords = {
  name: "used-words",
  setup({ onLoad }) {
    const used = keysIn(join(HERE, "src"));
    onLoad({ filter: /web\/words\/[\w-]+\.json$/ }, ({ path }) => {
      const texts = Object.entries(JSON.parse(readFileSync(path, "utf8")));
      const kept = texts.filter(([key]) => key.startsWith("reason.") || used.has(key.replace(/_(one|other)$/, "")));
      return { contents: JSON.stringify(Object.fromEntries(kept)), loader: "json", watchFiles: [path] };
    });
  },
};

function keysIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.tsx?$/.test(name));
  const text = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  return new Set(["error.unknown", ...[...text.matchAll(/\bt\("([\w.]+)"/g)].map(([, key]) => key)]);
}

mkdirSync(dirname(OUT), { recursive: true });
await build({
  entryPoints: [join(HERE, "src/index.ts")], outfile: OUT, bundle: true, minify: true, format: "iife", platform: "browser", target: "es2022",
  sourcemap: "linked", jsx: "transform", legalComments: "none", charset: "utf8",
  banner: { js: `/* Flex Transfer ${version} */` },
  define: { __VERSION__: JSON.stringify(version), __BACKEND_URL__: JSON.stringify(process.env.FLEX_TRANSFER_BACKEND_URL ?? "") },
  plugins: [fromPage, usedWords],
});
const script = readFileSync(OUT);
console.log(`build/flex-transfer.js ${version}: ${script.length} bytes, ${brotliCompressSync(script).length} with brotli`);
