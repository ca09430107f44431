/** A measured value with its name, its unit and the line of its last minutes. */

import { h, setAttribute, setText, svg } from "../app/dom.js";
import { digitsIn, unitText, valueText } from "../logic/values.js";
import { label } from "../logic/words.js";
import { trendPath } from "../logic/trend.js";

const WIDTH = 72;
const HEIGHT = 18;

export class Row {
  /** @param {import("../types").Channel} channel @param {import("../logic/trend.js").Trend} trend */
  constructor(channel, trend) {
    this.channel = channel;
    this.trend = trend;
    this.steady = 0;
    this.value = h("span", { class: "value" });
    this.unit = h("span", { class: "unit" }, unitText(channel.unit));
    this.path = svg("path", { d: "" });
    const line = svg(
      "svg",
      { viewBox: `-1 -2 ${WIDTH + 2} ${HEIGHT + 4}`, class: "trend", "aria-hidden": "true" },
      this.path,
    );
    this.data = h("dd", {}, this.value, " ", this.unit);
    this.element = h("div", { class: "row" }, h("dt", {}, label(channel.name)), this.data);
    this.data.append(line);
  }

  /**
   * @param {import("../types").Value | undefined} value
   * @param {boolean} measured whether there is a reading
   */
  update(value, measured) {
    const missing = value === null || value === undefined;
    const text = measured ? valueText(value, this.channel.unit, this.steady) : "–";
    if (typeof value === "number") this.steady = Math.max(this.steady, digitsIn(text));
    setText(this.value, text);
    setAttribute(this.element, "data-missing", measured && missing ? "true" : null);
    this.unit.hidden = missing;
    setAttribute(this.path, "d", trendPath(this.trend.values, WIDTH, HEIGHT));
  }
}
