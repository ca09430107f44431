/** The numbers of the charts: their legend, and what a screen reader reads instead of them. */

import { h } from "../app/dom.js";
import { numberText } from "../logic/values.js";
import { momentText } from "../logic/words.js";

export class HistoryTable {
  constructor() {
    this.caption = h("caption", {});
    this.body = h("tbody", {});
    this.last = h("th", { scope: "col", class: "number" });
    this.element = h(
      "div",
      { class: "scroll", role: "region", "aria-label": "Numbers of the charts", tabindex: 0 },
      h(
        "table",
        {},
        this.caption,
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Channel"),
            this.last,
            ...["Mean", "Least", "Greatest"].map((text) => h("th", { scope: "col", class: "number" }, text)),
          ),
        ),
        this.body,
      ),
    );
  }

  /**
   * @param {import("./history-data.js").Shown[]} shown
   * @param {import("../logic/ranges.js").Span} span
   * @param {number | null} at the time that the pointer is at, seconds since 1970
   */
  show(shown, span, at) {
    const [from, to] = [span.fromS, span.toS].map(textOf);
    this.caption.textContent = `${from} to ${to}`;
    this.last.textContent = at === null ? "Newest" : textOf(at);
    this.body.replaceChildren(...shown.map((one) => row(one, span, at)));
  }
}

/** @param {number} timeS */
function textOf(timeS) {
  return momentText(new Date(timeS * 1000).toISOString());
}

/**
 * @param {import("./history-data.js").Shown} shown
 * @param {import("../logic/ranges.js").Span} span
 * @param {number | null} at
 */
function row({ name, unit, color, track }, span, at) {
  const all = track.summary(span);
  const here = at === null ? all?.last : track.buckets.get(at)?.mean;
  const numbers = [here, all?.mean, all?.min, all?.max];
  const cells = numbers.map((number) =>
    h(
      "td",
      { class: "number" },
      number === undefined ? "–" : `${numberText(number)}${unit ? ` ${unit}` : ""}`,
    ),
  );
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("span", { class: `swatch color-${color}`, "aria-hidden": "true" }), name),
    ...cells,
  );
}
