/** When a value must not be taken for the present any more. */

const MISSED_INTERVALS = 3;
/** For the way through the gateway's journal, which stores once a second, and the network. */
const WAY_S = 2;

/** @param {number} intervalS between two readings of the device */
export function staleAfterS(intervalS) {
  return MISSED_INTERVALS * intervalS + WAY_S;
}

/**
 * @typedef {object} Freshness
 * @property {boolean} stale
 * @property {number} ageS
 * @property {string | null} why in words, null when the value is fresh
 */

/**
 * @param {import("../types").Device} device
 * @param {number} ageS of its newest reading
 * @param {boolean} connected whether the gateway can be reached
 * @returns {Freshness}
 */
export function freshness(device, ageS, connected) {
  const old = !(ageS <= staleAfterS(device.interval_s));
  if (device.state === "offline") return { stale: true, ageS, why: "the board does not answer" };
  if (device.state === "quarantined") return { stale: true, ageS, why: "the board is not trusted now" };
  if (!old) return { stale: false, ageS, why: null };
  return { stale: true, ageS, why: connected ? "nothing newer came" : "no contact with the gateway" };
}

/**
 * Whether a reading is later than another of the same device. Boards number their samples; where they do not,
 * the time must do, though a clock may be set back.
 * @param {import("../types").Reading} told
 * @param {import("../types").Reading} known
 */
export function isLater(told, known) {
  if (told.seq === null || known.seq === null || told.boot === null || known.boot === null) {
    return told.key !== known.key && told.time >= known.time;
  }
  if (told.boot === known.boot) return told.seq > known.seq;
  return told.boot > known.boot || told.time > known.time; // a count of boots may begin again
}
