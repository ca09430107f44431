/** Times, ages and sizes as people say them. */

/** @param {number} seconds */
export function durationText(seconds) {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? trimmed(seconds, 1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** @param {number} seconds age of a value */
export function ageText(seconds) {
  if (!Number.isFinite(seconds)) return "at an unknown time";
  return seconds < 2 ? "now" : `${durationText(Math.floor(seconds))} ago`;
}

/**
 * The clock time of a moment, with its day when that is not today.
 * @param {string} time RFC 3339
 * @param {Date} [now]
 */
export function momentText(time, now = new Date()) {
  const moment = new Date(time);
  const clock = moment.toLocaleTimeString("en-GB");
  return moment.toDateString() === now.toDateString() ? clock : `${dayText(moment)}, ${clock}`;
}

/** @param {Date} moment */
export function dayText(moment) {
  return moment.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/**
 * Marks of a time axis: with the day where it begins.
 * @param {number[]} timesS
 * @param {number} stepS between two
 */
export function axisTexts(timesS, stepS) {
  let day = "";
  return timesS.map((timeS) => {
    const moment = new Date(timeS * 1000);
    const clock = moment.toLocaleTimeString(
      "en-GB",
      stepS < 60 ? {} : { hour: "2-digit", minute: "2-digit" },
    );
    const before = day;
    day = dayText(moment);
    if (stepS >= 86_400) return day;
    return day === before ? clock : `${clock}\n${day}`;
  });
}

/** @param {number} bytes */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let size = bytes / 1024;
  let at = 0;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${trimmed(size, 1)} ${units[at]}`;
}

/**
 * @param {number} count
 * @param {string} thing in the singular
 */
export function counted(count, thing) {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

/** @param {string} name of a channel, command or argument, such as `soil_moisture` */
export function label(name) {
  return name.replaceAll("_", " ");
}

/**
 * @param {number} value
 * @param {number} digits
 */
function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)));
}
