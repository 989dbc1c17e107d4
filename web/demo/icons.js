// The page's icons: strokes on a grid of 20, drawn for this page. They are decoration: the text beside them, or the
// label of their button, says what they mean.

const NS = "http://www.w3.org/2000/svg";

const SHAPES = {
  transfer: ["M3 7h12", "M11.5 3.5 15 7l-3.5 3.5", "M17 13H5", "M8.5 9.5 5 13l3.5 3.5"],
  send: ["M3.5 10 16.5 4 12 16.5l-2.6-5z", "M9.4 11.5 16.5 4"],
  check: ["M4 10.5l4 4 8-9"],
  close: ["M5 5l10 10", "M15 5 5 15"],
  search: ["M13.2 13.2 17 17", "M8.7 14.4a5.7 5.7 0 1 0 0-11.4 5.7 5.7 0 0 0 0 11.4z"],
  agent: ["M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z", "M3.8 16.8c.6-3 3-4.6 6.2-4.6s5.6 1.6 6.2 4.6"],
  queue: ["M4 5h12", "M4 10h12", "M4 15h7"],
  web: ["M3.5 4.5h13v9h-7L6 16.5v-3H3.5z"],
  sms: ["M6 2.8h8v14.4H6z", "M9 14.6h2"],
  whatsapp: ["M10 3.2a6.8 6.8 0 0 0-5.8 10.3L3.3 17l3.6-.9A6.8 6.8 0 1 0 10 3.2z", "M7.8 7.6c.3 2.4 2 4.1 4.5 4.6"],
  email: ["M3 5h14v10H3z", "M3.4 5.6 10 10.8l6.6-5.2"],
  pause: ["M7.5 5v10", "M12.5 5v10"],
  play: ["M7 4.5v11l8.5-5.5z"],
  trash: ["M4 6h12", "M8 6V4h4v2", "M6 6l.7 10h6.6L14 6"],
  reset: ["M4.2 8.2A6.2 6.2 0 1 1 4 11.6", "M4 4.2v4.2h4.2"],
  bolt: ["M11 2.8 4.8 11.4h4.4L8.6 17.2l6.6-8.8h-4.6z"],
  chevron: ["M5.5 8l4.5 4.5L14.5 8"],
  warning: ["M10 3.4 17.4 16.4H2.6z", "M10 8.2v3.6", "M10 14v.3"],
  info: ["M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M10 9.2v4.4", "M10 6.4v.3"],
  inbox: ["M3.5 11.5 5.6 4.5h8.8l2.1 7", "M3.5 11.5v4h13v-4h-4l-1 1.8h-3l-1-1.8z"],
  note: ["M5 3h7l3 3v11H5z", "M7.5 9h5", "M7.5 12h5"],
  invite: ["M8 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6z", "M2.8 16.4c.5-2.7 2.5-4.1 5.2-4.1s4.7 1.4 5.2 4.1", "M15.5 5.5v5", "M13 8h5"],
  plus: ["M10 4.5v11", "M4.5 10h11"],
  phone: ["M6.5 2.8h7v14.4h-7z", "M9.2 14.8h1.6"],
  window: ["M3 4.5h14v11H3z", "M3 7.5h14"],
  into: ["M15 5 5 15", "M5 8.5V15h6.5"],
  out: ["M5 15 15 5", "M15 11.5V5H8.5"],
};

/** Makes the icon of that name; it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of [["viewBox", "0 0 20 20"], ["class", `icon icon-${name}`], ["aria-hidden", "true"], ["focusable", "false"]]) {
    svg.setAttribute(key, value);
  }
  for (const d of SHAPES[name]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
