/** One channel over time: windows from the gateway, and live readings added to them. */

/**
 * @typedef {object} Bucket
 * @property {number} count values in it
 * @property {number} mean
 * @property {number} min
 * @property {number} max
 */

/** @typedef {{ mean: (number | null)[], min: (number | null)[], max: (number | null)[] }} Columns */

export class Track {
  /** @param {number} stepS length of its windows */
  constructor(stepS) {
    this.stepS = stepS;
    /** @type {Map<number, Bucket>} by the beginning of the window, seconds since 1970 */
    this.buckets = new Map();
  }

  /**
   * @param {number} startS
   * @param {Record<string, import("../types").Value> | undefined} told aggregates of that window
   */
  setWindow(startS, told) {
    const [count, mean] = [toNumber(told?.["count"]), toNumber(told?.["mean"])];
    const [min, max] = [toNumber(told?.["min"]), toNumber(told?.["max"])];
    if (count === null || mean === null || min === null || max === null) return;
    this.buckets.set(startS, { count, mean, min, max });
  }

  /**
   * A live reading; a missing value adds nothing.
   * @param {number} timeMs
   * @param {import("../types").Value | undefined} value
   */
  add(timeMs, value) {
    const number = toNumber(value);
    if (number === null) return;
    const startS = Math.floor(timeMs / 1000 / this.stepS) * this.stepS;
    const known = this.buckets.get(startS);
    if (!known) {
      this.buckets.set(startS, { count: 1, mean: number, min: number, max: number });
      return;
    }
    known.mean = (known.mean * known.count + number) / (known.count + 1);
    known.count += 1;
    known.min = Math.min(known.min, number);
    known.max = Math.max(known.max, number);
  }

  /** @param {number} startS windows before it are forgotten */
  forgetBefore(startS) {
    for (const known of this.buckets.keys()) if (known < startS) this.buckets.delete(known);
  }

  /**
   * Aligned to `times`; null where there is no value, which a chart shows as a gap.
   * @param {number[]} times
   */
  columns(times) {
    /** @type {Columns} */
    const columns = { mean: [], min: [], max: [] };
    for (const time of times) {
      const bucket = this.buckets.get(time);
      columns.mean.push(bucket ? bucket.mean : null);
      columns.min.push(bucket ? bucket.min : null);
      columns.max.push(bucket ? bucket.max : null);
    }
    return columns;
  }

  /** What is between two times, summed up; null when nothing is. @param {import("./ranges").Span} span */
  summary(span) {
    let [count, sum, min, max, lastS, last] = [0, 0, Infinity, -Infinity, -Infinity, NaN];
    for (const [startS, bucket] of this.buckets) {
      if (startS + this.stepS <= span.fromS || startS > span.toS) continue;
      count += bucket.count;
      sum += bucket.mean * bucket.count;
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      if (startS > lastS) [lastS, last] = [startS, bucket.mean];
    }
    return count === 0 ? null : { count, mean: sum / count, min, max, last };
  }
}

/**
 * Every window of a span, whether or not anything is in it.
 * @param {import("./ranges").Span} span
 * @param {number} stepS
 */
export function timesOf(span, stepS) {
  const first = Math.floor(span.fromS / stepS);
  const last = Math.floor(span.toS / stepS);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * stepS);
}

/**
 * The value if it is within its channel's limits, as the gateway counts it; else nothing.
 * @param {import("../types").Device | undefined} device
 * @param {string} name of the channel
 * @param {import("../types").Value | undefined} value
 */
export function withinLimits(device, name, value) {
  const channel = device?.channels.find((one) => one.name === name);
  if (typeof value !== "number" || !channel) return value;
  return value < (channel.minimum ?? -Infinity) || value > (channel.maximum ?? Infinity) ? null : value;
}

/** @param {import("../types").Value | undefined} value truth counts as 1 or 0; text has no place in a chart */
export function toNumber(value) {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
