/** How far a chart looks, and how finely. Times in seconds since 1970. */

/** @typedef {{ fromS: number, toS: number }} Span */

export const RANGES = [
  { id: "hour", text: "Hour", lengthS: 3600 },
  { id: "day", text: "Day", lengthS: 86_400 },
  { id: "week", text: "Week", lengthS: 604_800 },
];

const POINTS = 360;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
const SHORTEST_S = 30;
const LONGEST_S = 10 * 604_800;

/**
 * The length of the windows that a span is summed up in. A window holds at least two readings of the slowest
 * device, so that an empty one is a gap and not a slow device.
 * @param {number} lengthS of the span
 * @param {number} intervalS of the slowest device shown
 */
export function stepFor(lengthS, intervalS) {
  const wanted = Math.max(lengthS / POINTS, 2 * intervalS);
  return STEPS_S.find((step) => step >= wanted) ?? 86_400;
}

/** @param {Span} span @param {number} factor above 1 looks at more, below 1 at less @returns {Span} */
export function zoomed(span, factor) {
  const middle = (span.fromS + span.toS) / 2;
  const length = Math.min(LONGEST_S, Math.max(SHORTEST_S, (span.toS - span.fromS) * factor));
  return { fromS: middle - length / 2, toS: middle + length / 2 };
}

/** @param {Span} span @param {number} share of its length, below 0 goes back @returns {Span} */
export function moved(span, share) {
  const by = (span.toS - span.fromS) * share;
  return { fromS: span.fromS + by, toS: span.toS + by };
}
