/** All devices at a glance. */

import { h, keyed, setText } from "../app/dom.js";
import { counted } from "../logic/words.js";
import { Card } from "./card.js";

/** @type {import("../app/router.js").Open} */
export function open(root, store) {
  /** @type {Map<string, Card>} */
  const cards = new Map();
  /** @type {Map<string, Element>} */
  const elements = new Map();
  const summary = h("p", { class: "summary" });
  const grid = h("div", { class: "cards" });
  const empty = emptyState();
  root.append(h("div", { class: "heading" }, h("h1", {}, "Devices"), summary), grid, empty);

  /** @param {import("../types").Device} device */
  function make(device) {
    const card = new Card(device.id, store);
    cards.set(device.id, card);
    return card.element;
  }

  function showAll() {
    const devices = [...store.devices.values()];
    keyed(
      grid,
      elements,
      devices.map((device) => [device.id, device]),
      make,
    );
    for (const id of cards.keys()) if (!store.devices.has(id)) cards.delete(id);
    for (const card of cards.values()) card.update();
    empty.hidden = !store.loaded || devices.length > 0;
    setText(summary, summaryText(devices, store.loaded));
  }

  showAll();
  return {
    title: "Devices",
    update(changed) {
      if (changed.has("devices") || changed.has("connection")) {
        showAll();
        return;
      }
      for (const name of changed) {
        if (name.startsWith("device ")) cards.get(name.slice("device ".length))?.update();
      }
      setText(summary, summaryText([...store.devices.values()], store.loaded));
    },
    tick() {
      for (const card of cards.values()) card.update();
    },
  };
}

/** @param {import("../types").Device[]} devices @param {boolean} loaded */
function summaryText(devices, loaded) {
  if (!loaded) return "Asking the gateway…";
  if (devices.length === 0) return "None yet";
  const away = devices.filter(({ state }) => state !== "online").length;
  if (away === 0) return `${counted(devices.length, "board")}, all online`;
  return `${counted(devices.length, "board")}, ${away} not online`;
}

function emptyState() {
  return h(
    "section",
    { class: "card empty", hidden: true, "aria-label": "What to do now" },
    h("h2", {}, "Plug in a board"),
    h("p", {}, "It appears here by itself, usually within a few seconds. If it does not:"),
    h(
      "ul",
      {},
      h("li", {}, "USB: use a cable that carries data, and a sketch with the gateway's library."),
      h("li", {}, "I2C: connect SDA, SCL and ground, and give each board an address of its own."),
      h("li", {}, "Look at ", h("a", { href: "#/gateway" }, "the gateway's buses and log"), "."),
    ),
  );
}
