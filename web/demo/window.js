// Only one window of the demo is live: a browser opens six connections to a host, the page holds four of them, and a
// second window would wait for ever. The others offer to take over.

const NAME = "flex-transfer-demo";
const PATIENCE_MS = 400; // a reload frees the lock of the page before it a moment late

/**
 * Calls live(true) when this window may be live, live(false) while another one is. Returns take(), which takes over from
 * the other window. Without the Web Locks API every window is live.
 */
export function beTheOnlyWindow(live) {
  if (!navigator.locks) {
    live(true);
    return () => {};
  }
  let waiting = null;

  async function hold(options) {
    waiting?.abort();
    const patience = setTimeout(() => live(false), PATIENCE_MS);
    if (!options.steal) options.signal = (waiting = new AbortController()).signal;
    try {
      await navigator.locks.request(NAME, options, () => {
        clearTimeout(patience);
        waiting = null;
        live(true);
        return new Promise(() => {}); // held until the window closes or another one takes it
      });
    } catch (error) {
      clearTimeout(patience);
      if (error.name !== "AbortError") throw error;
      if (options.signal?.aborted) return; // given up here, to take over
      live(false);
      hold({}); // the other window took it: be live again when it closes
    }
  }
  hold({});
  return () => hold({ steal: true });
}
