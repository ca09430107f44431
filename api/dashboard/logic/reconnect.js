/** When to try again, and whether to catch up or to begin anew. */

const LONGEST_MS = 15_000;
/** After a longer outage the newest values are fetched instead of everything that was missed. */
const CATCH_UP_MS = 5 * 60_000;

/**
 * @param {number} attempt 0 for the first
 * @param {number} firstMs wait before the first attempt
 * @param {number} chance 0 to 1, so that many pages do not come back at the same moment
 */
export function waitMs(attempt, firstMs, chance) {
  const wait = Math.min(LONGEST_MS, firstMs * 2 ** Math.min(attempt, 10));
  return wait * (0.5 + chance / 2);
}

/**
 * @param {string} lastEventId "" when nothing was received yet
 * @param {number} outageMs
 */
export function resumesFrom(lastEventId, outageMs) {
  return outageMs <= CATCH_UP_MS ? lastEventId : "";
}
