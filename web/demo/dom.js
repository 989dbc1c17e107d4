// A few helpers over the DOM: make an element, change it only where it differs, and keep a list of elements in step with
// a list of things. Elements are made once and updated in place, so that focus, selection and scrolling stay.

const PROPERTIES = new Set(["value", "checked", "textContent", "hidden", "open"]);

/**
 * Makes an element. `onclick` and the like add listeners, `textContent`, `value`, `checked`, `hidden` set properties,
 * everything else sets attributes. Children that are null or false are left out.
 */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  }
  set(node, props);
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

/** Changes properties and attributes that differ. An attribute that is null, undefined or false is removed. */
export function set(node, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith("on")) continue;
    if (PROPERTIES.has(name)) {
      if (node[name] !== value) node[name] = value;
    } else if (value == null || value === false) {
      if (node.hasAttribute(name)) node.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  }
  return node;
}

/** Sets the text of a node if it differs, so that live regions speak only of changes. */
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
  return node;
}

const lists = new WeakMap();

/**
 * Keeps the children of parent in step with items. keyOf names an item; make(item) returns {node, update?(item)}, once
 * for each key. A child that is where it belongs is not moved.
 */
export function each(parent, items, keyOf, make) {
  const before = lists.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const view = before.get(key) ?? make(item);
    view.update?.(item);
    after.set(key, view);
    if (view.node === place) place = place.nextSibling;
    else parent.insertBefore(view.node, place);
  }
  for (const [key, view] of before) {
    if (!after.has(key)) {
      view.gone?.();
      view.node.remove();
    }
  }
  lists.set(parent, after);
}

let counter = 0;

/** Makes an id that no other element of the page has. */
export function uid(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
