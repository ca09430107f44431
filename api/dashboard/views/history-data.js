/** The channels of the history page, filled from the gateway and kept live. */

import { get } from "../app/api.js";
import { stepFor, RANGES } from "../logic/ranges.js";
import { choiceName } from "../logic/selection.js";
import { timesOf, Track, withinLimits } from "../logic/track.js";
import { unitText } from "../logic/values.js";

const AGGREGATES = "mean,min,max,count";
const PAGE = 2000;
const PAGES_MAX = 5;

/**
 * @typedef {object} Shown
 * @property {import("../logic/selection.js").Choice} choice
 * @property {string} name
 * @property {string} unit
 * @property {number} color
 * @property {Track} track
 */

export class HistoryData {
  /** @param {import("../app/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {import("../logic/ranges.js").Span} */
    this.span = { fromS: 0, toS: 1 };
    this.stepS = 1;
    /** @type {Shown[]} */
    this.shown = [];
    this.complete = true;
    this.loads = 0;
    /**
     * Up to which moment each device's readings are in the windows that were fetched, ms.
     * @type {Map<string, number>}
     */
    this.fetchedMs = new Map();
    /** @type {import("../types").Reading[]} that came while fetching */
    this.waiting = [];
    this.loading = false;
  }

  /**
   * Fetch a span. False when another one was asked for meanwhile.
   * @param {import("../logic/selection.js").Choice[]} choices
   * @param {import("../logic/ranges.js").Span} span
   */
  async load(choices, span) {
    const load = ++this.loads;
    this.loading = true;
    this.waiting = [];
    const devices = [...new Set(choices.map(({ device }) => device))];
    const slowest = Math.max(...devices.map((id) => this.store.devices.get(id)?.interval_s ?? 1), 0);
    const stepS = stepFor(span.toS - span.fromS, slowest);
    const shown = choices.map((choice, color) => this.show(choice, color, stepS));
    const marks = new Map(devices.map((id) => [id, this.markOf(id, span)]));
    const fetched = await Promise.all(
      devices.map((id) =>
        fetchDevice(
          id,
          shown.filter(({ choice }) => choice.device === id),
          span,
          stepS,
          marks.get(id) ?? 0,
        ),
      ),
    );
    if (load !== this.loads) return false;
    Object.assign(this, {
      span,
      stepS,
      shown,
      fetchedMs: marks,
      complete: fetched.every(Boolean),
      loading: false,
    });
    const waiting = this.waiting;
    this.waiting = [];
    for (const reading of waiting) this.take(reading);
    return true;
  }

  /**
   * The moment behind the newest reading that the page knows of; later ones come as events.
   * @param {string} device
   * @param {import("../logic/ranges.js").Span} span
   */
  markOf(device, span) {
    const newest = this.store.readings.get(device);
    const endMs = Math.round(span.toS * 1000);
    return newest ? Math.min(endMs, Date.parse(newest.time) + 1) : endMs;
  }

  /**
   * @param {import("../logic/selection.js").Choice} choice
   * @param {number} color
   * @param {number} stepS
   * @returns {Shown}
   */
  show(choice, color, stepS) {
    const device = this.store.devices.get(choice.device);
    const channel = device?.channels.find(({ name }) => name === choice.channel);
    return {
      choice,
      name: choiceName(choice),
      unit: unitText(channel?.unit),
      color,
      track: new Track(stepS),
    };
  }

  /** A live reading. @param {import("../types").Reading} reading @returns {boolean} whether it is shown */
  take(reading) {
    if (this.loading) {
      this.waiting.push(reading);
      return false;
    }
    const timeMs = Date.parse(reading.time);
    if (timeMs < (this.fetchedMs.get(reading.device) ?? Infinity)) return false;
    const device = this.store.devices.get(reading.device);
    for (const { choice, track } of this.shown) {
      if (choice.device !== reading.device) continue;
      track.add(timeMs, withinLimits(device, choice.channel, reading.values[choice.channel]));
    }
    return true;
  }

  /** Let the span end now. */
  follow() {
    const toS = this.store.clock.nowMs() / 1000;
    this.span = { fromS: toS - (this.span.toS - this.span.fromS), toS };
    for (const { track } of this.shown) track.forgetBefore(this.span.fromS - this.stepS);
  }

  times() {
    return timesOf(this.span, this.stepS);
  }
}

/** @param {string} rangeId @param {number} nowS @returns {import("../logic/ranges.js").Span} */
export function spanOf(rangeId, nowS) {
  const range = RANGES.find(({ id }) => id === rangeId) ?? RANGES[0];
  return { fromS: nowS - (range?.lengthS ?? 3600), toS: nowS };
}

/**
 * @param {string} device
 * @param {Shown[]} shown its channels
 * @param {import("../logic/ranges.js").Span} span
 * @param {number} stepS
 * @param {number} untilMs
 * @returns {Promise<boolean>} whether all of it was there
 */
async function fetchDevice(device, shown, span, stepS, untilMs) {
  const sinceMs = Math.floor(span.fromS / stepS) * stepS * 1000;
  if (untilMs <= sinceMs) return true;
  const query = {
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    every: `${stepS}s`,
    agg: AGGREGATES,
    order: "asc",
    limit: String(PAGE),
    channels: shown.map(({ choice }) => choice.channel).join(","),
  };
  let complete = true;
  /** @type {string | null} */
  let cursor = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    /** @type {Record<string, string>} */
    const asked = cursor === null ? query : { ...query, cursor };
    const found = await get(`/devices/${encodeURIComponent(device)}/readings`, asked);
    for (const window of found.windows) {
      const startS = Date.parse(window.time) / 1000;
      for (const { choice, track } of shown) track.setWindow(startS, window.values[choice.channel]);
    }
    complete &&= found.complete;
    cursor = found.next;
    if (cursor === null) return complete;
  }
  return false;
}
