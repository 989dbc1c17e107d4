// The rules: Go, as WebAssembly. Where the module cannot be loaded the page goes on without transfers and says so once.

/**
 * Loads the module. changed() is called when it becomes ready and when it is lost. The result's state is loading, ready
 * or missing.
 */
export function loadRules(changed) {
  let module = null;
  const rules = { state: "loading", hash: "", decide, dispatch };

  async function start() {
    try {
      const { load } = await import("/wasm/loader.js");
      module = await load();
      rules.hash = module.rules ?? "";
      rules.state = "ready";
    } catch (error) {
      rules.state = "missing";
      rules.error = error;
    }
    changed();
  }

  /** The rules' answer to a question; null where they cannot answer now. */
  function decide(question) {
    if (rules.state !== "ready") return null;
    try {
      const answer = JSON.parse(module.decide(JSON.stringify(question)));
      return answer.error ? null : answer;
    } catch {
      return null; // the instance died: the loader starts it anew, and the next change asks again
    }
  }

  function dispatch(name, input) {
    if (rules.state !== "ready") return Promise.reject(new Error("no rules"));
    return module.dispatch(name, input);
  }

  rules.started = start();
  return rules;
}
