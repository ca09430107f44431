/** @param {number} count */
export function greeting(count) {
  return `Weather of ${count} devices`;
}
