/** What the page knows of the gateway. Views read it and are told what has changed, at most once a frame. */

import { GatewayClock } from "../logic/clock.js";
import { isLater } from "../logic/freshness.js";
import { newer } from "../logic/receipts.js";
import { toNumber, withinLimits } from "../logic/track.js";
import { Trend } from "../logic/trend.js";

const COMMANDS_KEPT = 200;
const TREND_POINTS = 60;

/** @typedef {(changed: ReadonlySet<string>) => void} Told */

export class Store {
  constructor() {
    this.clock = new GatewayClock(() => performance.now());
    /** @type {Map<string, import("../types").Device>} */
    this.devices = new Map();
    /** @type {Map<string, import("../types").Reading>} */
    this.readings = new Map();
    /** @type {Map<string, import("../types").Command>} newest last */
    this.commands = new Map();
    /** @type {Map<string, Trend>} by `device.channel` */
    this.trends = new Map();
    /** @type {import("../types").Status | null} */
    this.status = null;
    /** @type {import("../types").Session} */
    this.session = { name: null, scope: "admin", expires_at: null };
    /** @type {import("../types").ConnectionState} */
    this.connection = "connecting";
    /** Why and since when there is no contact. @type {{ reason: string, since: Date } | null} */
    this.outage = null;
    this.loaded = false;
    /** @type {Set<Told>} */
    this.told = new Set();
    /** @type {Set<(reading: import("../types").Reading) => void>} */
    this.readingsTold = new Set();
    /** @type {Set<string>} */
    this.changed = new Set();
  }

  /** @param {Told} callback called once a frame with the names of what changed; returns the end of it */
  subscribe(callback) {
    this.told.add(callback);
    return () => this.told.delete(callback);
  }

  /** @param {(reading: import("../types").Reading) => void} callback called with every new reading */
  subscribeReadings(callback) {
    this.readingsTold.add(callback);
    return () => this.readingsTold.delete(callback);
  }

  /** @param {string} name `devices`, `device ID`, `commands`, `status`, `connection` or `session` */
  tell(name) {
    if (this.changed.size === 0) requestAnimationFrame(() => this.flush());
    this.changed.add(name);
  }

  flush() {
    const changed = this.changed;
    this.changed = new Set();
    for (const callback of this.told) callback(changed);
  }

  /** All devices as the gateway lists them. @param {import("../types").Device[]} devices */
  setDevices(devices) {
    this.devices = new Map(devices.map((device) => [device.id, device]));
    this.loaded = true;
    this.tell("devices");
  }

  /** @param {import("../types").Device} device */
  putDevice(device) {
    const isNew = !this.devices.has(device.id);
    this.devices.set(device.id, device);
    this.tell(isNew ? "devices" : `device ${device.id}`);
  }

  /** @param {import("../types").Reading} reading */
  putReading(reading) {
    const known = this.readings.get(reading.device);
    // What was missed is told again in its order, when the newest may be here already.
    if (known && !isLater(reading, known)) return;
    this.readings.set(reading.device, reading);
    const device = this.devices.get(reading.device);
    for (const [channel, value] of Object.entries(reading.values)) {
      this.trend(reading.device, channel).add(toNumber(withinLimits(device, channel, value)));
    }
    for (const callback of this.readingsTold) callback(reading);
    this.tell(`device ${reading.device}`);
  }

  /**
   * Readings before all others of a device.
   * @param {string} device
   * @param {import("../types").Reading[]} readings oldest first
   */
  putPast(device, readings) {
    const known = this.devices.get(device);
    for (const { name } of known?.channels ?? []) {
      const past = readings.map(({ values }) => toNumber(withinLimits(known, name, values[name])));
      this.trend(device, name).addPast(past);
    }
    this.tell(`device ${device}`);
  }

  /** @param {import("../types").Command} command */
  putCommand(command) {
    this.commands.set(command.id, newer(this.commands.get(command.id), command));
    while (this.commands.size > COMMANDS_KEPT) {
      const [oldest] = this.commands.keys();
      if (oldest !== undefined) this.commands.delete(oldest);
    }
    this.tell("commands");
  }

  /** @param {import("../types").Status} status */
  setStatus(status) {
    this.status = status;
    this.tell("status");
  }

  /** @param {import("../types").ConnectionState} state @param {string} [reason] of a loss */
  setConnection(state, reason = "") {
    this.connection = state;
    this.outage = state === "lost" ? { reason, since: this.outage?.since ?? new Date() } : null;
    this.tell("connection");
  }

  /** @param {string} device @param {string} channel */
  trend(device, channel) {
    const name = `${device}.${channel}`;
    let trend = this.trends.get(name);
    if (!trend) this.trends.set(name, (trend = new Trend(TREND_POINTS)));
    return trend;
  }

  /** @param {"command" | "admin"} scope */
  may(scope) {
    return this.session.scope === "admin" || this.session.scope === scope;
  }
}
