// The format of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

/**
 * Returns a function that is fed the stream's text, in pieces of any size, and calls onEvent for each whole event. An id
 * is there only if the event has one of its own.
 * @param {(event: {id?: string, type: string, data: string}) => void} onEvent
 * @returns {(text: string) => void}
 */
export function eventParser(onEvent) {
  let rest = ""; // the line that has not ended yet
  let afterCR = false; // the last piece ended with a CR, whose LF may come with the next
  let event = {};

  function line(text) {
    if (text === "") {
      if (event.data !== undefined) onEvent({ ...event, type: event.type ?? "message" });
      event = {};
      return;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + (text[colon + 1] === " " ? 2 : 1));
    if (field === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
    else if (field === "event") event.type = value;
    else if (field === "id" && !value.includes("\0")) event.id = value;
  }

  return (text) => {
    if (afterCR && text.startsWith("\n")) text = text.slice(1);
    if (text === "") return;
    afterCR = text.endsWith("\r");
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop();
    lines.forEach(line);
  };
}
