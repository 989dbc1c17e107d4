// Starts the built binary as the demo, each time with an account and a ledger of its own.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.FLEX_TRANSFER ?? fileURLToPath(new URL("../../../bin/flex-transfer", import.meta.url));
const START_MS = 120_000;

/** Starts the demo and waits until it says where it is. The result has url, log() and stop(). */
export async function startServer(env = {}) {
  const folder = await mkdtemp(join(tmpdir(), "flex-transfer-e2e-"));
  const child = spawn(BINARY, ["sandbox"], { env: { ...process.env, ADDR: "127.0.0.1:0", DATA_DIR: folder, TMPDIR: folder, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.stderr.on("data", (chunk) => (output += chunk));
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready after ${START_MS} ms:\n${output}`)), START_MS);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`ended with ${code}:\n${output}`)));
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const found = /Open (http:\/\/\S+)/.exec(output)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  await ready(url);
  return {
    url,
    log: () => output,
    async stop() {
      child.kill("SIGKILL"); // how it ends in peace is tested elsewhere; all that it wrote is in the folder
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the backend has read what it needs. */
async function ready(url) {
  const until = Date.now() + START_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok) return;
    if (Date.now() > until) throw new Error(`/readyz: ${response?.status ?? "no answer"}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
