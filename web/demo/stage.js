// The sandbox's stage: one stream of what happens in the account, and what people do there. It is loopback only and
// stands for Twilio's own SDKs, which a real desk would use.

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

/** What the stage refused, with its code and message. */
export class StageError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Sends one request to the stage and returns its answer; throws StageError. */
async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/stage/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new StageError(0, "STAGE_UNREACHABLE", "");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new StageError(response.status, String(answer.code ?? response.status), answer.message ?? "");
  return answer;
}

/** What people do. Each returns the changed record. */
export const stage = {
  startConversation: (name, channelType, body, mail) => call("POST", "conversations", { name, channel_type: channelType, body, ...mail }),
  sendMessage: (conversationSid, author, body) => call("POST", `conversations/${conversationSid}/messages`, { author, body }),
  leave: (conversationSid, identity) => call("POST", `conversations/${conversationSid}/leave`, { identity }),
  setActivity: (workerSid, activitySid) => call("POST", `workers/${workerSid}/activity`, { activity_sid: activitySid }),
  token: (workerSid) => call("POST", `workers/${workerSid}/token`, {}),
  reservation: (reservationSid, action) => call("POST", `reservations/${reservationSid}`, { action }),
  faults: () => call("GET", "faults"),
  setFaults: (rules) => call("PUT", "faults", { rules }),
  reset: () => call("POST", "reset", {}),
};

/**
 * Follows the account. snapshot(data) comes first, after every interruption and after a reset, then change(data) and trace(data);
 * state(name) tells connecting, live, reconnecting. Returns how to stop.
 */
export function followStage({ snapshot, change, trace, state }) {
  let source = null;
  let retry = null;
  let wait = FIRST_RETRY_MS;
  let stopped = false;

  function open() {
    clearTimeout(retry);
    source?.close();
    source = new EventSource("/stage/live");
    source.addEventListener("snapshot", (event) => {
      wait = FIRST_RETRY_MS;
      snapshot(JSON.parse(event.data));
      state("live");
    });
    source.addEventListener("change", (event) => change(JSON.parse(event.data)));
    source.addEventListener("trace", (event) => trace(JSON.parse(event.data)));
    source.addEventListener("error", again);
  }

  function again() {
    if (stopped) return;
    source?.close();
    state("reconnecting");
    clearTimeout(retry);
    retry = setTimeout(open, wait);
    wait = Math.min(wait * 2, LAST_RETRY_MS);
  }

  const offline = () => again();
  const online = () => open();
  window.addEventListener("offline", offline);
  window.addEventListener("online", online);
  state("connecting");
  open();
  return () => {
    stopped = true;
    clearTimeout(retry);
    source?.close();
    window.removeEventListener("offline", offline);
    window.removeEventListener("online", online);
  };
}
