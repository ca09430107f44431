/** One chart: the means of channels with one unit as lines, each with the band of its least and greatest. */

import { h } from "../app/dom.js";
import { numberText } from "../logic/values.js";
import { axisTexts } from "../logic/words.js";

const HEIGHT = 240;
const SERIES_EACH = 3;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {number} color index of its color
 * @property {import("../logic/track.js").Columns} columns
 */

/**
 * @typedef {{ zoom: (span: import("../logic/ranges.js").Span) => void, hover: (at: number | null) => void }} Listener
 */

export class Chart {
  /**
   * @param {any} uPlot the library
   * @param {string} unit
   * @param {Listener} listener told of a zoom, and which time the pointer is at
   */
  constructor(uPlot, unit, listener) {
    this.uPlot = uPlot;
    this.unit = unit;
    this.listener = listener;
    this.element = h("div", { class: "plot", role: "img" });
    /** @type {any} */
    this.plot = null;
    this.shape = "";
    this.resizing = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.resizing.observe(this.element);
  }

  /** @param {number[]} times @param {Line[]} lines @param {import("../logic/ranges.js").Span} span */
  show(times, lines, span) {
    const data = [times, ...lines.flatMap(({ columns }) => [columns.mean, columns.max, columns.min])];
    const shape = lines.map(({ name, color }) => `${name}:${color}`).join();
    const names = lines.map(({ name }) => name).join(", ");
    this.element.setAttribute("aria-label", `Chart of ${names}. The table below has its numbers.`);
    if (shape !== this.shape) {
      this.plot?.destroy();
      this.plot = new this.uPlot(this.options(lines), data, this.element);
      this.shape = shape;
    } else {
      this.plot.setData(data, false);
    }
    this.plot.setScale("x", { min: span.fromS, max: span.toS });
  }

  close() {
    this.resizing.disconnect();
    this.plot?.destroy();
  }

  size() {
    return { width: Math.max(200, this.element.clientWidth), height: HEIGHT };
  }

  /** @param {Line[]} lines */
  options(lines) {
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: color("--quiet"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.size(),
      padding: [12, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "history" }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: { x: { time: true, auto: false }, y: { range: padded } },
      series: [{}, ...lines.flatMap((line) => seriesOf(color(`--series-${line.color}`)))],
      bands: lines.map((line, at) => ({
        series: [2 + at * SERIES_EACH, 3 + at * SERIES_EACH],
        fill: `${color(`--series-${line.color}`)}2e`,
      })),
      axes: [
        { ...axis, size: 40, space: 64, values: timeMarks },
        { ...axis, size: 62, values: valueMarks },
      ],
      hooks: {
        setSelect: [(/** @type {any} */ plot) => this.selected(plot)],
        setCursor: [(/** @type {any} */ plot) => this.listener.hover(plot.cursor.idx ?? null)],
      },
    };
  }

  /** @param {any} plot */
  selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.listener.zoom({ fromS: plot.posToVal(left, "x"), toS: plot.posToVal(left + width, "x") });
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

/**
 * @param {any} _plot
 * @param {number[]} marks
 * @param {number} _axis
 * @param {number} _space
 * @param {number} step
 */
function timeMarks(_plot, marks, _axis, _space, step) {
  return axisTexts(marks, step);
}

/** @param {any} _plot @param {number[]} marks */
function valueMarks(_plot, marks) {
  return marks.map((mark) => numberText(mark));
}

/** @param {string} stroke */
function seriesOf(stroke) {
  const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
  return [
    { stroke, width: 2, spanGaps: false, points: { show: true, size: 5, fill: stroke, filter: lonely } },
    edge,
    edge,
  ];
}

/**
 * A value between two gaps has no line, so it gets a point.
 * @param {any} plot @param {number} series
 */
function lonely(plot, series) {
  const values = plot.data[series];
  const found = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null)
      found.push(at);
  }
  return found;
}

/** @param {any} _plot @param {number | null} low @param {number | null} high */
function padded(_plot, low, high) {
  if (low === null || high === null) return [0, 1];
  const room = high === low ? Math.max(1, Math.abs(high) * 0.01) : (high - low) * 0.08;
  return [low - room, high + room];
}
