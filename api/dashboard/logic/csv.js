/** Tables as CSV (RFC 4180). */

/** @typedef {string | number | null | undefined} Cell */

/** @param {Cell[][]} rows the first one is the heading */
export function toCsv(rows) {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/**
 * What a chart shows: a row for each window with at least one value.
 * @param {number[]} times seconds since 1970
 * @param {{ name: string, columns: import("./track.js").Columns }[]} series
 * @returns {Cell[][]}
 */
export function chartRows(times, series) {
  const heading = ["time", ...series.flatMap(({ name }) => [`${name}_mean`, `${name}_min`, `${name}_max`])];
  const rows = times.map((time, at) => [
    new Date(time * 1000).toISOString(),
    ...series.flatMap(({ columns }) => [columns.mean[at], columns.min[at], columns.max[at]]),
  ]);
  return [heading, ...rows.filter((row) => row.slice(1).some((value) => value !== null))];
}

/** @param {Cell} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
