/** A view that a part brings. It uses what the page has, and a second file of its own. */

import { h } from "/dashboard/app/dom.js";
import { greeting } from "./words.js";

/**
 * @param {HTMLElement} root
 * @param {import("/dashboard/app/store.js").Store} store
 * @returns {import("/dashboard/types").View}
 */
export function open(root, store) {
  const said = h("p", { id: "greeting" });
  root.append(h("h1", {}, "Weather"), said);
  const update = () => said.replaceChildren(greeting(store.devices.size));
  update();
  return { title: "Weather", update };
}
