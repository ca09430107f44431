/** Puts the page together: who is there, the live connection, the frame around the views. */

import { Connection } from "./connection.js";
import { Frame } from "./frame.js";
import { loadAll, loadCommands, loadSession, loadStatus } from "./loader.js";
import { whenLoggedOut } from "./api.js";
import { Router } from "./router.js";
import { Store } from "./store.js";

const STATUS_EVERY_MS = 10_000;
const TICK_MS = 1000;

const store = new Store();
const router = new Router(store);
const frame = new Frame(store, { retry: () => connection.retry(), loggedOut: askForKey });

/** @type {Record<string, (data: any) => void>} */
const TAKERS = {
  reading: (reading) => store.putReading(reading),
  device: (device) => store.putDevice(device),
  command: (command) => store.putCommand(command),
};

const connection = new Connection({
  event: ({ type, data }) => TAKERS[type]?.(JSON.parse(data)),
  opened: () => {
    const isBack = store.connection === "lost";
    store.setConnection("live");
    if (isBack) refresh(loadCommands(store));
  },
  lost: (reason) => store.setConnection("lost", reason),
  loggedOut: askForKey,
});

let asking = false;

/** The gateway wants a key: stop everything and show the way in. */
async function askForKey() {
  if (asking) return;
  asking = true;
  connection.stop();
  router.close();
  frame.hidePages();
  const { showLogin } = await import("../views/login.js");
  await showLogin(document.getElementById("main"));
  asking = false;
  await begin();
}

async function begin() {
  if (!(await loadSession(store))) {
    await askForKey();
    return;
  }
  frame.showPages();
  router.open();
  refresh();
  await connection.run();
}

/**
 * What is not told by events, such as counters; and everything anew after an outage.
 * @param {Promise<void>} [more] to be fetched with it
 */
async function refresh(more) {
  try {
    await Promise.all([loadAll(store), loadStatus(store), more]);
  } catch (error) {
    // Nothing to do: the connection tells about the outage, and what is shown grows stale by itself.
    console.debug("not refreshed:", error);
  }
}

whenLoggedOut(askForKey);
setInterval(() => {
  if (store.connection === "live" && !document.hidden) refresh();
}, STATUS_EVERY_MS);
setInterval(() => router.tick(), TICK_MS);
begin();
