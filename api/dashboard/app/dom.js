/** Making and changing elements. Text is always set as text, so nothing a device says can become markup. */

/** @typedef {Node | string | null | false | undefined} Child */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean | EventListener | undefined | null>} [attributes]
 *   a function is a listener of that event; false, null and undefined leave an attribute out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  append(made, children);
  return made;
}

/** @param {Element} parent @param {Child[]} children */
function append(parent, children) {
  for (const child of children)
    if (child !== null && child !== undefined && child !== false) parent.append(child);
}

/**
 * Unchanged text is left alone, so that screen readers and selections are.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string | null} value null takes it away */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** @param {string} name @param {Record<string, string>} attributes @param {...Element} children */
export function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Children by key: those that stay are the same elements, so focus and selections stay too.
 * @template T
 * @param {Element} parent
 * @param {Map<string, Element>} known changed to what is there now
 * @param {[string, T][]} items
 * @param {(item: T) => Element} make
 */
export function keyed(parent, known, items, make) {
  const wanted = new Set(items.map(([key]) => key));
  for (const [key, node] of known) {
    if (wanted.has(key)) continue;
    node.remove();
    known.delete(key);
  }
  items.forEach(([key, item], at) => {
    let node = known.get(key);
    if (!node) known.set(key, (node = make(item)));
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}
