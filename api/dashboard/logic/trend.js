/** The small line beside a value: its last minutes. */

/**
 * Points of an SVG line in a box of `width` by `height`; a gap begins a new line.
 * @param {(number | null)[]} values oldest first
 * @param {number} width
 * @param {number} height
 * @returns {string} the `d` of a path, "" when there are fewer than two values
 */
export function trendPath(values, width, height) {
  const numbers = values.filter((value) => value !== null);
  if (numbers.length < 2) return "";
  const low = Math.min(...numbers);
  const range = Math.max(...numbers) - low;
  const across = width / (values.length - 1);
  let path = "";
  let drawing = false;
  values.forEach((value, at) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const y = range === 0 ? height / 2 : height - ((value - low) / range) * height;
    path += `${drawing ? "L" : "M"}${(at * across).toFixed(1)} ${y.toFixed(1)}`;
    drawing = true;
  });
  return path;
}

/** The newest values of one channel. */
export class Trend {
  /** @param {number} kept */
  constructor(kept) {
    this.kept = kept;
    /** @type {(number | null)[]} */
    this.values = [];
  }

  /** @param {number | null} value */
  add(value) {
    this.values.push(value);
    if (this.values.length > this.kept) this.values.shift();
  }

  /** @param {(number | null)[]} values from before all that it has, oldest first */
  addPast(values) {
    this.values = [...values, ...this.values].slice(-this.kept);
  }
}
