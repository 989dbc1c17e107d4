// Opens what make flex serves: two Chromium windows with agents in the real Flex UI, and the customer's page. Reads the line
// of JSON that `flex-transfer flex --json` prints. Where there is no display it says how to open them elsewhere.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;
const AGENTS = ["ada", "bea"];
const AS_ROOT = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chromium does not start for root with it
const server = spawn(join(ROOT, "bin/flex-transfer"), ["flex", "--json", "--multi-participant", "--log-level", "warn", ...process.argv.slice(2)], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
const profiles = mkdtempSync(join(tmpdir(), "flex-transfer-windows-"));
const windows = [];
let said = "";
let open = false;

server.stdout.on("data", (chunk) => {
  said += chunk;
  if (open || !said.includes("\n")) return;
  open = true;
  begin(JSON.parse(said));
});
server.on("exit", (code) => {
  for (const child of windows) child.kill();
  rmSync(profiles, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  process.exit(code ?? 0);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill("SIGTERM"));

function begin(info) {
  const pages = [...AGENTS.map((name) => [name, `${info.url}/as/${name}`]), ["customer", info.backend]];
  console.log(`\n  Agents: ${pages.slice(0, -1).map(([, url]) => url).join(" and ")}\n  The customer writes at ${info.backend}\n`);
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return explain(info, pages);
  pages.forEach(([name, url], i) => start(info, name, url, i));
  console.log("  Write as the customer, accept in a Flex window, then press Transfer. Stop with Ctrl-C.\n");
}

/** Opens a window, a little beside the one before, so that each can be seen and taken hold of. */
function start(info, name, url, i) {
  const place = ["--window-size=1280,860", `--window-position=${60 + 90 * i},${20 + 60 * i}`];
  const child = spawn(process.env.CHROMIUM || "chromium", [...info.chromium, `--user-data-dir=${join(profiles, name)}`, "--no-first-run", "--no-default-browser-check", ...place, ...AS_ROOT, "--new-window", url], { stdio: "ignore" });
  child.on("error", (error) => console.error(`  Chromium does not start (${error.message}): set CHROMIUM to its path, or open ${url} with the flags below.\n${flagsOf(info)}`));
  windows.push(child);
}

function explain(info, pages) {
  console.log("  There is no display here. Forward the ports of these addresses to a machine with Chromium, and start there, each with its own profile:\n");
  for (const [name, url] of pages) console.log(`  chromium --user-data-dir=/tmp/flex-${name} \\\n${flagsOf(info)}\n    ${url}\n`);
  console.log("  make test-flex plays it without a display, and leaves pictures in artifacts/. Stop with Ctrl-C.\n");
}

const flagsOf = (info) => info.chromium.map((flag) => `    '${flag}' \\`).join("\n");
