/** Documents as the gateway sends them, for the tests of the dashboard's logic. */

const HEALTH = {
  polls: 1000,
  missed: 0,
  retries: 0,
  crc_errors: 0,
  resets: 0,
  lost: 0,
  latency_ms: { p50: 2.4, p99: 7.9 },
};

/** @param {Record<string, unknown>} changes @returns {any} */
export function device(changes = {}) {
  return {
    id: "greenhouse",
    name: "greenhouse",
    bus: "i2c1",
    address: 18,
    driver: "protocol",
    uid: "0011223344556677",
    boot: 5,
    firmware: "1.4.0",
    state: "online",
    detail: null,
    last_seen: "2026-11-20T07:00:00.123Z",
    stale: false,
    interval_s: 1,
    simulated: false,
    metadata: {},
    channels: [],
    commands: [],
    health: HEALTH,
    learned: null,
    ...changes,
  };
}

/** @param {Record<string, unknown>} changes @returns {any} */
export function withHealth(changes, others = {}) {
  return device({ health: { ...HEALTH, ...changes }, ...others });
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} properties
 * @param {Record<string, unknown>} others
 * @returns {any}
 */
export function command(name, properties = {}, others = {}) {
  const required = Object.keys(properties);
  return {
    name,
    arguments: { type: "object", properties, required, additionalProperties: false },
    ...others,
  };
}

/** @param {string} state @returns {any} */
export function sent(state, changes = {}) {
  return {
    id: "01",
    device: "greenhouse",
    name: "fan",
    arguments: { speed: 1 },
    state,
    result: null,
    detail: null,
    actor: null,
    requested_at: "2026-11-20T07:00:00.123Z",
    finished_at: null,
    duration_ms: null,
    ...changes,
  };
}
