/** The gateway itself: its parts, its store, where it delivers, and what it has lost. */

import { h } from "../app/dom.js";
import { durationText } from "../logic/words.js";
import { busRows, clockFacts, journalFacts, sinkRows, workerRows } from "../logic/gateway-words.js";
import { Ledger } from "./ledger.js";
import { Logs } from "./logs.js";

/** @type {import("../app/router.js").Open} */
export function open(root, store) {
  const summary = h("p", { class: "summary" });
  const parts = h("div", { class: "tiles" });
  const logs = new Logs(store);
  const ledger = new Ledger(store);
  root.append(
    h("div", { class: "heading" }, h("h1", {}, "Gateway"), summary),
    parts,
    ledger.element,
    logs.element,
  );
  let shown = "";

  function show() {
    const { status } = store;
    summary.textContent = status ? `Up for ${durationText(status.uptime_s)}` : "Asking the gateway…";
    if (!status) return;
    const tiles = tilesOf(status);
    const text = JSON.stringify(tiles.map(({ rows, facts }) => [rows, facts]));
    if (text === shown) return;
    shown = text;
    parts.replaceChildren(...tiles.map(tile));
  }

  show();
  logs.load();
  ledger.load();
  return {
    title: "Gateway",
    update: (changed) => {
      if (!changed.has("status")) return;
      show();
      logs.load();
      ledger.load();
    },
  };
}

/**
 * @typedef {object} Tile
 * @property {string} title
 * @property {import("../logic/gateway-words.js").Fact[]} [facts]
 * @property {string[]} [columns]
 * @property {import("../logic/gateway-words.js").Cell[][]} [rows]
 * @property {string} [none] said when there is no row
 */

/** @param {import("../types").Status} status @returns {Tile[]} */
function tilesOf(status) {
  return [
    { title: "Journal", facts: journalFacts(status) },
    { title: "Workers", columns: ["Part", "State", "Restarts", "Last sign"], rows: workerRows(status) },
    {
      title: "Delivery",
      columns: ["To", "State", "Waiting", "Delivered", "Refused"],
      rows: sinkRows(status),
      none: "No database is configured: the journal on this machine is the store.",
    },
    { title: "Clock", facts: clockFacts(status) },
    {
      title: "Buses",
      columns: ["Bus", "Port", "Exchanges", "Had to wait", "Longest wait", "Given up"],
      rows: busRows(status),
      none: "No bus is open.",
    },
  ];
}

/** @param {Tile} tile */
function tile({ title, facts, columns, rows, none }) {
  const card = h("section", { class: "card" }, h("h2", {}, title));
  if (facts) {
    card.append(
      h(
        "dl",
        { class: "facts" },
        ...facts.map(({ name, text, level }) =>
          h("div", {}, h("dt", {}, name), h("dd", { "data-level": level ?? null }, text)),
        ),
      ),
    );
    return card;
  }
  if (!rows || rows.length === 0) {
    card.append(h("p", { class: "hint" }, none ?? "None."));
    return card;
  }
  card.append(
    h(
      "div",
      { class: "scroll", role: "region", "aria-label": title, tabindex: 0 },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...(columns ?? []).map((text) => h("th", { scope: "col" }, text)))),
        h(
          "tbody",
          {},
          ...rows.map(([first, ...rest]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, first?.text ?? ""),
              ...rest.map(({ text, level }) => h("td", { "data-level": level ?? null }, text)),
            ),
          ),
        ),
      ),
    ),
  );
  return card;
}
