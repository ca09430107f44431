/** Charts over an hour, a day, a week and what is zoomed into. */

import { ApiError } from "../app/api.js";
import { h, setText } from "../app/dom.js";
import { download } from "../app/download.js";
import { loadUplot } from "../app/uplot.js";
import { chartRows, toCsv } from "../logic/csv.js";
import { moved, RANGES, zoomed } from "../logic/ranges.js";
import { address } from "../logic/route.js";
import { byUnit, choiceName, firstChoices, parseChoices } from "../logic/selection.js";
import { durationText } from "../logic/words.js";
import { Chart } from "./chart.js";
import { ChannelPicker } from "./channel-picker.js";
import { HistoryData, spanOf } from "./history-data.js";
import { HistoryTable } from "./history-table.js";

const LONGEST_WAIT_MS = 10_000;

/** @type {import("../app/router.js").Open} */
export function open(root, store, route) {
  const page = new HistoryPage(store, route.query);
  root.append(page.element);
  const unsubscribe = store.subscribeReadings((reading) => page.data.take(reading));
  page.begin();
  return {
    title: "History",
    update: (changed) => page.update(changed),
    tick: () => page.follow(),
    close: () => {
      unsubscribe();
      page.close();
    },
  };
}

class HistoryPage {
  /** @param {import("../app/store.js").Store} store @param {URLSearchParams} query */
  constructor(store, query) {
    this.store = store;
    this.data = new HistoryData(store);
    this.choices = parseChoices(query.get("c"));
    this.range = query.get("range") ?? "hour";
    this.live = true;
    this.begun = false;
    this.cutOff = false;
    this.drawnMs = 0;
    /** @type {number | null} time that the pointer is at, seconds since 1970 */
    this.pointed = null;
    /** @type {Map<string, Chart>} by unit */
    this.charts = new Map();
    /** @type {any} */
    this.uPlot = undefined;
    this.picker = new ChannelPicker((choices) => this.choose(choices));
    this.table = new HistoryTable();
    this.said = h("p", { class: "summary", role: "status" });
    this.plots = h("div", { class: "plots" });
    this.liveButton = button("Back to now", () => this.goLive());
    this.element = h(
      "div",
      {},
      h("div", { class: "heading" }, h("h1", {}, "History"), this.said),
      h(
        "div",
        { class: "with-side" },
        this.picker.element,
        h("div", { class: "stage card" }, this.controls(), this.plots, this.table.element),
      ),
    );
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.rethemed = () => this.redrawAll();
    this.theme.addEventListener("change", this.rethemed);
  }

  controls() {
    const ranges = RANGES.map(({ id, text }) => {
      const input = h("input", { type: "radio", name: "range", value: id, change: () => this.setRange(id) });
      input.checked = id === this.range;
      return h("label", { class: "choice" }, input, h("span", {}, text));
    });
    return h(
      "div",
      { class: "controls" },
      h("fieldset", { class: "ranges" }, h("legend", { class: "aloud" }, "Range"), ...ranges),
      h(
        "div",
        { class: "buttons", role: "group", "aria-label": "Move and zoom" },
        button("Earlier", () => this.look(moved(this.data.span, -0.5))),
        button("Later", () => this.look(moved(this.data.span, 0.5))),
        button("Zoom in", () => this.look(zoomed(this.data.span, 0.5))),
        button("Zoom out", () => this.look(zoomed(this.data.span, 2))),
        this.liveButton,
        button("Download CSV", () => this.save()),
      ),
    );
  }

  async begin() {
    this.liveButton.hidden = true;
    if (!this.store.loaded || !this.store.clock.known) return; // `update` comes back to it
    this.begun = true;
    this.choices = this.choices.filter(({ device }) => this.store.devices.has(device));
    if (this.choices.length === 0) this.choices = firstChoices([...this.store.devices.values()]);
    this.picker.show([...this.store.devices.values()], this.choices);
    this.uPlot = await loadUplot();
    this.reload();
  }

  /** @param {ReadonlySet<string>} changed */
  update(changed) {
    if (!this.begun) {
      this.begin();
      return;
    }
    if (changed.has("devices")) this.picker.show([...this.store.devices.values()], this.choices);
    if (!changed.has("connection")) return;
    // What came while there was no contact is told again, but only for a while: fetch it all.
    if (this.cutOff && this.store.connection === "live") this.reload();
    this.cutOff = this.store.connection === "lost";
  }

  /** @param {import("../logic/ranges.js").Span} span */
  async load(span) {
    setText(this.said, "Fetching…");
    try {
      if (!(await this.data.load(this.choices, span))) return;
      this.draw();
      this.describe();
    } catch (error) {
      this.data.loading = false;
      setText(this.said, error instanceof ApiError ? error.message : "The gateway cannot be reached.");
    }
  }

  describe() {
    const { data } = this;
    const step = `one point for ${durationText(data.stepS)}`;
    const missing = data.complete ? "" : " Older readings are in MongoDB, which does not answer now.";
    const mode = this.live ? "Live" : "A part of the past";
    setText(this.said, data.shown.length === 0 ? "Choose a channel" : `${mode}, ${step}.${missing}`);
    this.liveButton.hidden = this.live;
    const query = { c: this.choices.map(choiceName).join(","), range: this.range };
    history.replaceState(null, "", address("history", query));
  }

  draw() {
    const { data } = this;
    const times = data.times();
    const groups = byUnit(data.shown);
    for (const [unit, chart] of this.charts) {
      if (groups.has(unit)) continue;
      chart.close();
      chart.element.closest("figure")?.remove();
      this.charts.delete(unit);
    }
    if (this.uPlot) {
      for (const [unit, shown] of groups) {
        const lines = shown.map(({ name, color, track }) => ({ name, color, columns: track.columns(times) }));
        this.chart(unit).show(times, lines, data.span);
      }
    } else if (this.uPlot === null) {
      this.plots.replaceChildren(
        h(
          "p",
          { class: "hint" },
          "The chart library is not part of this installation. The numbers are in the table.",
        ),
      );
    }
    this.table.show(data.shown, data.span, this.pointed);
    this.drawnMs = performance.now();
  }

  /** @param {string} unit */
  chart(unit) {
    let chart = this.charts.get(unit);
    if (!chart) {
      chart = new Chart(this.uPlot, unit, { zoom: (span) => this.look(span), hover: (at) => this.hover(at) });
      this.charts.set(unit, chart);
      this.plots.append(h("figure", {}, h("figcaption", {}, unit || "without unit"), chart.element));
    }
    return chart;
  }

  redrawAll() {
    for (const chart of this.charts.values()) chart.shape = "";
    if (this.begun) this.draw();
  }

  /** @param {number | null} at */
  hover(at) {
    const pointed = at === null ? null : (this.data.times()[at] ?? null);
    if (pointed === this.pointed) return;
    this.pointed = pointed;
    this.table.show(this.data.shown, this.data.span, pointed);
  }

  follow() {
    if (!this.begun || !this.live || this.data.loading || this.store.connection === "lost") return;
    // A week moves by less than a pixel in a second.
    const wait = Math.min(LONGEST_WAIT_MS, this.data.stepS * 100) * 0.9;
    if (performance.now() - this.drawnMs < wait) return;
    this.data.follow();
    this.draw();
  }

  /** @param {import("../logic/selection.js").Choice[]} choices */
  choose(choices) {
    this.choices = choices;
    this.reload();
  }

  /** @param {string} range */
  setRange(range) {
    this.range = range;
    this.goLive();
  }

  goLive() {
    this.live = true;
    this.reload();
  }

  reload() {
    this.load(this.live ? spanOf(this.range, this.store.clock.nowMs() / 1000) : this.data.span);
  }

  /** @param {import("../logic/ranges.js").Span} span */
  look(span) {
    this.live = false;
    this.load(span);
  }

  save() {
    const times = this.data.times();
    const series = this.data.shown.map(({ name, track }) => ({ name, columns: track.columns(times) }));
    const from = new Date(this.data.span.fromS * 1000).toISOString().slice(0, 16).replace(":", "");
    download(`readings-${from}.csv`, toCsv(chartRows(times, series)), "text/csv");
  }

  close() {
    this.theme.removeEventListener("change", this.rethemed);
    for (const chart of this.charts.values()) chart.close();
  }
}

/** @param {string} text @param {() => void} action */
function button(text, action) {
  return h("button", { type: "button", click: action }, text);
}
