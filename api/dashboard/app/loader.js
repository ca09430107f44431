/** Fetches into the store what the events do not tell. */

import { ApiError, get, isAbsent } from "./api.js";

const TREND_DEVICES = 6;
const TREND_READINGS = 30;
const COMMANDS = 25;

/**
 * Who the gateway takes us for. False: a key is needed first.
 * @param {import("./store.js").Store} store
 */
export async function loadSession(store) {
  try {
    store.session = await get("/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    // A gateway without keys, or one that is away: then the connection finds out.
    if (!isAbsent(error)) console.debug("no session:", error);
  }
  store.tell("session");
  return true;
}

/** @param {import("./store.js").Store} store */
export async function loadAll(store) {
  const first = !store.loaded;
  const [devices, latest] = await Promise.all([get("/devices"), get("/readings/latest")]);
  store.setDevices(devices.devices);
  for (const reading of latest.readings) {
    // Where the gateway tells the age of something, and so its own time.
    store.clock.set(Date.parse(reading.time) + reading.age_s * 1000);
    store.putReading(reading);
  }
  if (first) await loadTrends(store, latest.readings.slice(0, TREND_DEVICES));
}

/**
 * The newest commands: after an outage, what became of those that were on their way.
 * @param {import("./store.js").Store} store
 */
export async function loadCommands(store) {
  const { commands } = await get("/commands", { limit: String(COMMANDS) });
  for (const command of commands.reverse()) store.putCommand(command);
}

/** @param {import("./store.js").Store} store */
export async function loadStatus(store) {
  const status = await get("/status");
  if (status.clock.time) store.clock.set(Date.parse(status.clock.time));
  store.setStatus(status);
}

/**
 * What the first devices measured before, so that the small lines do not begin empty.
 * @param {import("./store.js").Store} store
 * @param {import("../types").Reading[]} latest
 */
async function loadTrends(store, latest) {
  const query = { limit: String(TREND_READINGS) };
  await Promise.all(
    latest.map(async ({ device, time }) => {
      const page = await get(`/devices/${encodeURIComponent(device)}/readings`, { ...query, until: time });
      store.putPast(device, page.readings.reverse());
    }),
  );
}
