/** What was expected, what is stored, and why the rest is not. Only where the gateway keeps a ledger. */

import { get, isAbsent } from "../app/api.js";
import { h, setText } from "../app/dom.js";
import { ledgerTotals } from "../logic/ledger.js";

const DAY_MS = 86_400_000;
/** Of all devices together; as many as the gateway gives at a time. */
const HOURS_MAX = "10000";

export class Ledger {
  /** @param {import("../app/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.said = h("p", { class: "hint" });
    this.body = h("tbody", {});
    const headings = ["Device", "Expected", "Stored", "Lost", "Why"].map((text) =>
      h("th", { scope: "col" }, text),
    );
    this.element = h(
      "section",
      { class: "card", hidden: true },
      h("h2", {}, "Losses of the last day"),
      this.said,
      h(
        "div",
        { class: "scroll", role: "region", "aria-label": "Losses by device", tabindex: 0 },
        h("table", {}, h("thead", {}, h("tr", {}, ...headings)), this.body),
      ),
    );
  }

  async load() {
    if (!this.store.clock.known) return;
    const since = new Date(this.store.clock.nowMs() - DAY_MS).toISOString();
    try {
      this.show(ledgerTotals(await get("/ledger", { since, limit: HOURS_MAX })));
    } catch (error) {
      if (isAbsent(error)) return; // an older gateway
      setText(this.said, error instanceof Error ? error.message : String(error));
    }
    this.element.hidden = false;
  }

  /** @param {import("../logic/ledger.js").Total[]} totals */
  show(totals) {
    const lost = totals.reduce((sum, total) => sum + total.lost, 0);
    setText(this.said, lost === 0 ? "Every expected reading is stored." : "");
    this.body.replaceChildren(
      ...totals.map((total) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, total.device),
          h("td", {}, total.expected.toLocaleString("en")),
          h("td", {}, total.stored.toLocaleString("en")),
          h("td", { "data-level": total.lost > 0 ? "bad" : null }, total.lost.toLocaleString("en")),
          h("td", {}, total.reasons || "–"),
        ),
      ),
    );
  }
}
