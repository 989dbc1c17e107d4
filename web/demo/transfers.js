// The backend's stream of transfers, for one agent.

/**
 * Follows the stream. token() gives a Flex token; hello({settings}) and transfer(record) are told what comes; refused()
 * is called when the token was refused. Returns how to stop. It reconnects by itself.
 */
export function followTransfers({ token, hello, transfer, refused }) {
  let stop = null;
  let stopped = false;
  import("/wasm/events.js").then(({ followEvents }) => {
    if (stopped) return;
    stop = followEvents({
      baseUrl: location.origin,
      token,
      on: { hello, transfer },
      refused,
    });
  }, () => {}); // no script, no stream: the page says that transfers are missing
  return () => {
    stopped = true;
    stop?.();
  };
}
