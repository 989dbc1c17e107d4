// The rules: Go, as WebAssembly. Where the module cannot be loaded the page goes on without transfers and says so once.

/**
 * Loads the module. changed() is called when the rules become ready, start anew or are lost. The result's state is
 * loading, ready or missing. Where expect(hash) says that the backend has other rules, the module is loaded anew as soon
 * as no request is on its way, once for each hash.
 */
export function loadRules(changed) {
  const rules = { state: "loading", hash: "", decide, dispatch, expect, get directory() { return module?.directory ?? null; } };
  let module = null;
  let expected = "";
  let tried = "";

  async function start() {
    try {
      take(await load());
    } catch {
      lose();
    }
  }

  async function load() {
    const { loadTransfer } = await import("/wasm/loader.js");
    return loadTransfer({ baseUrl: location.origin, onFault: lose, onRestart: changed });
  }

  function take(loaded) {
    if (loaded.native) return;
    module?.close();
    module = loaded;
    rules.hash = module.rules;
    rules.state = "ready";
    changed();
    renew();
  }

  function lose() {
    if (rules.state === "missing" || (module && !module.native)) return; // what is there goes on
    rules.state = "missing";
    changed();
  }

  function expect(hash) {
    expected = hash || expected;
    renew();
  }

  /** Loads the module of the backend's rules while nobody waits for an answer of the one that is there. */
  async function renew() {
    if (rules.state !== "ready" || !expected || expected === rules.hash || expected === tried || module.pending > 0) return;
    tried = expected;
    const loaded = await load().catch(() => null);
    if (!loaded || loaded.native) return;
    await idle();
    take(loaded);
  }

  async function idle() {
    while (module.pending > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /** The rules' answer to a question; null where they cannot answer now: the next change asks again. */
  function decide(question) {
    if (rules.state !== "ready") return null;
    const answer = module.decide(question);
    return answer?.error ? null : answer;
  }

  /** Lets the module call the backend; resolves to {status, body}, rejects with a code where it cannot. */
  async function dispatch(name, input) {
    if (rules.state !== "ready") throw new Error("no rules");
    try {
      return await module.dispatch(name, input);
    } finally {
      renew();
    }
  }

  start();
  return rules;
}
