// The rules: Go, as WebAssembly. Where the module cannot be loaded the page goes on without transfers and says so once.

/**
 * Loads the module. changed() is called when the rules become ready, start anew or are lost. The result's state is
 * loading, ready or missing.
 */
export function loadRules(changed) {
  const rules = { state: "loading", hash: "", decide, dispatch };
  let module = null;

  async function start() {
    try {
      const { loadTransfer } = await import("/wasm/loader.js");
      module = await loadTransfer({ baseUrl: location.origin, onFault: lose, onRestart: changed });
      if (module.native) return;
      rules.hash = module.rules;
      rules.state = "ready";
      changed();
    } catch {
      lose();
    }
  }

  function lose() {
    if (rules.state === "missing") return;
    rules.state = "missing";
    changed();
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
    return module.dispatch(name, input);
  }

  start();
  return rules;
}
