// What the tests share: the checkout, a server that hands out the module as the backend does, and builds of the module.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

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

/** Where the scripts are served with the module: the backend has their hash in the name. */
const SCRIPTS = "js.0123456789abcdef";

/** What the backend serves below /wasm/: the module of a build, its manifest, and the scripts. */
function fileOf(url, module) {
  if (!module) return undefined;
  const { manifest, wasm, exec } = module;
  if (url === "/wasm/manifest.json") return ["application/json", JSON.stringify({ ...manifest, glue: `${SCRIPTS}/glue.js` })];
  if (url === `/wasm/${manifest.module}`) return ["application/wasm", wasm];
  if (url === `/wasm/${manifest.exec}`) return ["text/javascript", exec];
  const [, name] = new RegExp(`^/wasm/${SCRIPTS}/([a-z]+\\.js)$`).exec(url) ?? [];
  return name && existsSync(join(root, "wasm/js", name)) ? ["text/javascript", readFileSync(join(root, "wasm/js", name))] : undefined;
}

/**
 * Serves on loopback until the test has ended. handle may answer a request itself; what it leaves is answered as the
 * backend would, with 404 for what is not there.
 */
export async function serve(t, module, handle = () => false) {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (await handle(request, response, body)) return;
    const [type, content] = fileOf(request.url, module) ?? [];
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
    if (!/\/wasm_exec\.[^/]*$/.test(url)) return importModule(url);
    (0, eval)(await scriptOf(url));
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

/** What a browser takes for a script, and for nothing else. */
async function scriptOf(url) {
  const response = await fetch(url);
  if (!response.ok || !/javascript/.test(response.headers.get("content-type"))) throw new TypeError(`${url} cannot be imported`);
  return response.text();
}

/** An ES module with what it imports from beside it. */
async function importModule(url) {
  const dir = mkdtempSync(join(tmpdir(), "flex-transfer-js-"));
  try {
    writeFileSync(join(dir, "package.json"), '{"type":"module"}');
    const wanted = [url.split("/").at(-1)];
    for (const name of wanted) {
      const text = await scriptOf(new URL(name, url));
      for (const [, other] of text.matchAll(/from "\.\/([\w.]+)"/g)) if (!wanted.includes(other)) wanted.push(other);
      writeFileSync(join(dir, name), text);
    }
    return await import(pathToFileURL(join(dir, wanted[0])));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Resolves once the condition holds; fails after a while. */
export async function until(condition, what) {
  const deadline = Date.now() + 60_000;
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
