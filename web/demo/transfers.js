// The backend's stream, for one agent: the settings, and the transfers and departures that concern them.

/**
 * Follows the stream until the function that it returns is called. token({expired}) gives a Flex token; the listeners,
 * such as hello(data) and transfer(record), are told what comes by its type. It reconnects by itself and goes on where it
 * was.
 */
export function followTransfers({ token, ...listeners }) {
  let events = null;
  let stopped = false;
  import("/wasm/events.js").then(({ openEvents }) => {
    if (stopped) return;
    events = openEvents({ baseUrl: location.origin, token, onEvent: ({ type, data }) => listeners[type]?.(data) });
  }, () => {}); // no script, no stream: the page says that transfers are missing
  return () => {
    stopped = true;
    events?.close();
  };
}
