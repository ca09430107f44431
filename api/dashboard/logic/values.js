/** Measured values and their units (SenML, RFC 8428) as they are shown. */

/** About a metre. */
const PLACE_DIGITS = 5;

const UNITS = new Map([
  ["Cel", "°C"],
  ["degC", "°C"],
  ["K", "K"],
  ["%RH", "% RH"],
  ["lat", "° N"],
  ["lon", "° E"],
  ["deg", "°"],
  ["Ohm", "Ω"],
  ["m2", "m²"],
  ["m3", "m³"],
  ["m/s2", "m/s²"],
  ["m3/s", "m³/s"],
  ["lx", "lx"],
  ["ug/m3", "µg/m³"],
  ["/", ""],
  ["1", ""],
]);

/** @param {string | null | undefined} unit @returns {string} */
export function unitText(unit) {
  if (!unit) return "";
  return UNITS.get(unit) ?? unit;
}

/**
 * A value without its unit. Whole numbers are shown whole, others with about four digits that matter.
 * @param {import("../types").Value | undefined} value
 * @param {string | null} [unit]
 * @param {number} [steady] digits behind the point at least, so that a changing number does not jump about
 */
export function valueText(value, unit = null, steady = 0) {
  if (value === null || value === undefined) return "missing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  const isPlace = unit === "lat" || unit === "lon";
  return numberText(value, isPlace ? PLACE_DIGITS : undefined, isPlace ? PLACE_DIGITS : steady);
}

/**
 * @param {number} value
 * @param {number} [digits] behind the point at most; the default depends on the size of the number
 * @param {number} [steady] digits behind the point at least
 */
export function numberText(value, digits, steady = 0) {
  if (!Number.isFinite(value)) return "missing";
  const most = digits ?? placesOf(Math.abs(value));
  return value.toLocaleString("en", {
    minimumFractionDigits: Math.min(steady, most),
    maximumFractionDigits: most,
  });
}

/** How many digits behind the point a text has. @param {string} text */
export function digitsIn(text) {
  const at = text.indexOf(".");
  return at < 0 ? 0 : text.length - at - 1;
}

/** @param {number} size */
function placesOf(size) {
  if (size === 0) return 0;
  if (size < 1) return Math.min(9, 2 - Math.floor(Math.log10(size)));
  return Math.max(0, 3 - Math.floor(Math.log10(size)));
}
