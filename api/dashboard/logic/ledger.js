/** The ledger, summed up by device. */

/**
 * @typedef {{ device: string, hour?: string, expected: number, stored: number, lost: number | Record<string, number> }} Entry
 */
/** @typedef {{ device: string, expected: number, stored: number, lost: number, reasons: string }} Total */

/**
 * @param {Record<string, unknown>} document whose only list has an entry for each device and hour
 * @returns {Total[]}
 */
export function ledgerTotals(document) {
  const entries = /** @type {Entry[]} */ (Object.values(document).find(Array.isArray) ?? []);
  /** @type {Map<string, { expected: number, stored: number, lost: Map<string, number> }>} */
  const sums = new Map();
  for (const entry of entries) {
    const sum = sums.get(entry.device) ?? { expected: 0, stored: 0, lost: new Map() };
    sum.expected += entry.expected;
    sum.stored += entry.stored;
    const lost = typeof entry.lost === "number" ? { "": entry.lost } : (entry.lost ?? {});
    for (const [reason, count] of Object.entries(lost))
      sum.lost.set(reason, (sum.lost.get(reason) ?? 0) + count);
    sums.set(entry.device, sum);
  }
  return [...sums].map(([device, { expected, stored, lost }]) => ({
    device,
    expected,
    stored,
    lost: [...lost.values()].reduce((sum, count) => sum + count, 0),
    reasons: [...lost]
      .filter(([reason, count]) => reason && count > 0)
      .map(([reason, count]) => `${reason.replaceAll("_", " ")}: ${count.toLocaleString("en")}`)
      .join(", "),
  }));
}
