// What the tests share: the checkout, a server that hands out the module as the backend does, and builds of the module.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

const files = join(root, "wasm/dist/files");

/** Runs the go command in the checkout. */
export const go = (args, env = {}) => execFileSync("go", args, { cwd: root, env: { ...process.env, ...env }, encoding: "utf8" });

/** The module that would be shipped, which must be of these sources. */
export function builtModule() {
  go(["run", "./wasm/build", "-check"]);
  const manifest = JSON.parse(readFileSync(join(files, "manifest.json"), "utf8"));
  return {
    manifest,
    wasm: readFileSync(join(files, manifest.module)),
    exec: readFileSync(join(files, manifest.exec), "utf8"),
  };
}

/** A module that can be made to fail, see wasm/bridge/faults.go. */
export function faultyModule() {
  const dir = mkdtempSync(join(tmpdir(), "flex-transfer-"));
  try {
    const wasm = join(dir, "faulty.wasm");
    go(["run", "./wasm/build", "-tags", "faults", "-o", wasm]); // as it is shipped: without what slim drops
    const exec = readFileSync(join(go(["env", "GOROOT"]).trim(), "lib/wasm/wasm_exec.js"), "utf8");
    return { manifest: { module: "transfer.f.wasm", exec: "wasm_exec.f.js", rules: "development", bytes: 1 }, wasm: readFileSync(wasm), exec };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * Serves on loopback until the test has ended. handle may answer a request itself; what it leaves is answered as the
 * backend would, with 404 for what is not there.
 */
export async function serve(t, module, handle = () => false) {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (await handle(request, response, body)) return;
    const [type, content] = {
      "/wasm/manifest.json": ["application/json", JSON.stringify(module?.manifest)],
      [`/wasm/${module?.manifest.module}`]: ["application/wasm", module?.wasm],
      [`/wasm/${module?.manifest.exec}`]: ["text/javascript", module?.exec],
    }[request.url] ?? [];
    response.writeHead(content === undefined ? 404 : 200, { "content-type": type ?? "application/json" });
    response.end(content ?? JSON.stringify({ code: "NOT_FOUND", message: "There is no such file." }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails may leave it behind; it must not keep the run from ending.
  server.unref();
  server.on("connection", (socket) => socket.unref());
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  t.after(close);
  return { baseUrl: `http://127.0.0.1:${server.address().port}`, close };
}

async function text(stream) {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
}

/** import() for Node, which imports nothing by http. Keeps the instances that are made, to look into them. */
export function importer(instances = []) {
  return async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new TypeError(`status ${response.status}`);
    (0, eval)(await response.text());
    const Go = globalThis.Go;
    if (!Go) return;
    globalThis.Go = class extends Go {
      constructor() {
        super();
        instances.push(this);
      }
    };
  };
}

/** Resolves once the condition holds; fails after a while. */
export async function until(condition, what) {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`it never came to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Makes unhandled rejections and uncaught errors fail the test run: a dead instance must not throw into the page. */
export function watchForStrayErrors(t) {
  const stray = [];
  const note = (error) => stray.push(error);
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  t.after(() => {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    if (stray.length > 0) throw stray[0];
  });
}
