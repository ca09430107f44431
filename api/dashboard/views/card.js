/** One device on the first page. Made once; afterwards only what has changed is touched. */

import { h, keyed, setAttribute, setText } from "../app/dom.js";
import { freshness } from "../logic/freshness.js";
import { assess } from "../logic/health.js";
import { address, deviceAddress } from "../logic/route.js";
import { choiceName } from "../logic/selection.js";
import { ageText, durationText, momentText } from "../logic/words.js";
import { Row } from "./value-row.js";

/** @type {Record<string, string>} */
const STATES = { online: "Online", late: "Late", offline: "Offline", quarantined: "Not trusted" };
const CHARTED = 4;

export class Card {
  /** @param {string} id @param {import("../app/store.js").Store} store */
  constructor(id, store) {
    this.id = id;
    this.store = store;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, Element>} */
    this.rowElements = new Map();
    this.lastKey = "";
    this.name = h("a", { href: deviceAddress(id) });
    this.pulse = h("span", { class: "pulse", "aria-hidden": "true" });
    this.state = h("p", { class: "state" });
    this.where = h("p", { class: "where" });
    this.absence = h("p", { class: "absence", hidden: true });
    this.values = h("dl", { class: "values" });
    this.age = h("p", { class: "age" });
    this.health = h("p", { class: "health" });
    this.history = h("a", {}, "History", h("span", { class: "aloud" }, ` of ${id}`));
    this.commands = h(
      "a",
      { href: address("commands", { device: id }) },
      "Commands",
      h("span", { class: "aloud" }, ` for ${id}`),
    );
    this.element = h(
      "article",
      { class: "card device", "aria-labelledby": `name-${id}` },
      h("div", { class: "card-top" }, h("h2", { id: `name-${id}` }, this.name), this.pulse, this.state),
      this.where,
      this.absence,
      this.values,
      this.age,
      this.health,
      h("p", { class: "links" }, this.history, this.commands),
    );
  }

  update() {
    const device = this.store.devices.get(this.id);
    if (!device) return;
    const reading = this.store.readings.get(this.id);
    const age = reading ? this.store.clock.ageS(reading.time) : NaN;
    const fresh = freshness(device, age, this.store.connection !== "lost");
    setText(this.name, device.name);
    setText(this.state, STATES[device.state] ?? device.state);
    setAttribute(this.element, "data-state", device.state);
    setAttribute(this.element, "data-stale", fresh.stale ? "true" : null);
    this.showWhere(device);
    this.showAbsence(device);
    this.showValues(device, reading);
    this.showAge(device, reading, fresh);
    this.showHealth(device);
    const charted = device.channels.slice(0, CHARTED);
    const c = charted.map(({ name }) => choiceName({ device: device.id, channel: name })).join(",");
    setAttribute(this.history, "href", address("history", { c }));
    this.commands.hidden = device.commands.length === 0;
  }

  /** @param {import("../types").Device} device */
  showWhere(device) {
    const at = device.address === null ? "serial" : `I2C 0x${device.address.toString(16).padStart(2, "0")}`;
    const where = device.bus === null ? `by ${device.driver}` : `${device.bus}, ${at}`;
    const parts = [where, ...Object.values(device.metadata)];
    const text = parts.join(" · ");
    if (this.where.dataset.text === text + device.simulated) return;
    this.where.dataset.text = text + device.simulated;
    this.where.replaceChildren(text, device.simulated ? h("span", { class: "tag" }, "simulated") : "");
  }

  /** @param {import("../types").Device} device */
  showAbsence(device) {
    this.absence.hidden = device.state === "online";
    if (device.state === "online") return;
    const since = device.last_seen ? `Silent since ${momentText(device.last_seen)}` : "Never heard of";
    setText(this.absence, device.detail ? `${since}: ${device.detail}` : since);
  }

  /** @param {import("../types").Device} device @param {import("../types").Reading | undefined} reading */
  showValues(device, reading) {
    const known = new Map(device.channels.map((channel) => [channel.name, channel]));
    // Sketches of others describe no channels: what they send is shown all the same.
    for (const name of Object.keys(reading?.values ?? {})) {
      if (!known.has(name)) known.set(name, { name, unit: null, type: "" });
    }
    keyed(this.values, this.rowElements, [...known], (channel) => {
      const row = new Row(channel, this.store.trend(device.id, channel.name));
      this.rows.set(channel.name, row);
      return row.element;
    });
    for (const row of this.rows.values())
      row.update(reading?.values[row.channel.name], reading !== undefined);
    if (reading && reading.key !== this.lastKey) {
      if (this.lastKey) beat(this.pulse);
      this.lastKey = reading.key;
    }
  }

  /**
   * @param {import("../types").Device} device
   * @param {import("../types").Reading | undefined} reading
   * @param {import("../logic/freshness.js").Freshness} fresh
   */
  showAge(device, reading, fresh) {
    const every = `every ${durationText(device.interval_s)}`;
    if (!reading) setText(this.age, `No reading yet, ${every}`);
    else if (fresh.stale) setText(this.age, `Stale: ${ageText(fresh.ageS)}, ${fresh.why}`);
    else setText(this.age, `Measured ${ageText(fresh.ageS)}, ${every}`);
  }

  /** @param {import("../types").Device} device */
  showHealth(device) {
    const finding = assess(device);
    const cause = finding.cause ? ` Probable cause: ${finding.cause}.` : "";
    setText(this.health, `${finding.says}${cause}`);
    setAttribute(this.health, "data-level", finding.level);
  }
}

/** The sign of life: one beat for each reading. @param {HTMLElement} element */
function beat(element) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element.animate(
    [
      { opacity: 1, transform: "scale(1.5)" },
      { opacity: 0.35, transform: "scale(1)" },
    ],
    700,
  );
}
