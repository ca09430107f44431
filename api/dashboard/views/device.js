/** One device: everything that is known of it. */

import { ApiError, request } from "../app/api.js";
import { h, setText } from "../app/dom.js";
import { assess } from "../logic/health.js";
import { numberText } from "../logic/values.js";
import { counted, durationText, momentText } from "../logic/words.js";
import { Card } from "./card.js";

/** @type {import("../app/router.js").Open} */
export function open(root, store, route) {
  const title = h("h1", {}, route.id);
  const health = h("div", { class: "finding" });
  const facts = h("dl", { class: "facts" });
  const counters = h("dl", { class: "facts" });
  const card = new Card(route.id, store);
  const gone = h("p", { class: "card", hidden: true }, "The gateway does not know this device.");
  const parts = h(
    "div",
    { class: "columns" },
    h("div", {}, card.element),
    h("div", {}, section("Health", health, counters), section("Board", facts, renaming(store, route.id))),
  );
  root.append(
    h("p", { class: "back" }, h("a", { href: "#/devices" }, "All devices")),
    h("div", { class: "heading" }, title),
    gone,
    parts,
  );

  function show() {
    const device = store.devices.get(route.id);
    gone.hidden = device !== undefined || !store.loaded;
    parts.hidden = device === undefined;
    if (!device) return;
    setText(title, device.name);
    card.update();
    showFinding(health, device);
    showFacts(counters, countersOf(device));
    showFacts(facts, factsOf(device));
  }

  show();
  return { title: route.id, update: show, tick: () => card.update() };
}

/** @param {string} heading @param {...Node} parts */
function section(heading, ...parts) {
  return h("section", { class: "card" }, h("h2", {}, heading), ...parts);
}

/** @param {HTMLElement} element @param {import("../types").Device} device */
function showFinding(element, device) {
  const { level, says, cause, advice } = assess(device);
  const text = [says, cause, advice].join("\n");
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.dataset.level = level;
  element.replaceChildren(
    h("p", { class: "health", "data-level": level }, says),
    cause ? h("p", {}, "Probable cause: ", h("strong", {}, cause), ".") : "",
    advice ? h("p", { class: "hint" }, advice) : "",
  );
}

/** @param {HTMLElement} list @param {[string, string][]} pairs */
function showFacts(list, pairs) {
  const text = pairs.join("\n");
  if (list.dataset.text === text) return;
  list.dataset.text = text;
  list.replaceChildren(...pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** @param {import("../types").Device} device @returns {[string, string][]} */
function countersOf({ health }) {
  const { p50, p99 } = health.latency_ms;
  return [
    ["Polls", health.polls.toLocaleString("en")],
    ["Not answered", health.missed.toLocaleString("en")],
    ["Asked again", health.retries.toLocaleString("en")],
    ["Damaged answers (CRC)", health.crc_errors.toLocaleString("en")],
    ["Restarts", health.resets.toLocaleString("en")],
    ["Lost samples", health.lost.toLocaleString("en")],
    ["Answers in", p50 === null ? "unknown" : `${numberText(p50)} ms, slowest ${numberText(p99 ?? p50)} ms`],
  ];
}

/** @param {import("../types").Device} device @returns {[string, string][]} */
function factsOf(device) {
  const at = device.address === null ? "" : `, address 0x${device.address.toString(16).padStart(2, "0")}`;
  return [
    ["Id", device.id],
    ["Bus", device.bus === null ? "none" : device.bus + at],
    ["Measures every", durationText(device.interval_s)],
    ["Last heard", device.last_seen ? momentText(device.last_seen) : "never"],
    ["Driver", device.driver],
    ["Firmware", device.firmware ?? "unknown"],
    ["Unique id", device.uid ?? "none"],
    ["Started", device.boot === null ? "unknown" : counted(device.boot, "time")],
    ...learnedOf(device.learned),
    ...Object.entries(device.metadata),
  ];
}

/** @param {import("../types").Device["learned"]} learned @returns {[string, string][]} */
function learnedOf(learned) {
  if (learned === null) return [];
  const names = learned.channels.map((channel) => channel.name).join(", ");
  const last = learned.unread.map(({ text, reason }) => `"${text}" ${reason}`).join("; ");
  return [
    [learned.by_lines ? "Learned" : "Read from its lines", names || "nothing yet"],
    ["Ignored", counted(learned.ignored, "line")],
    ["Damaged", counted(learned.damaged, "line")],
    ["Last lines not read", last || "none"],
  ];
}

/** @param {import("../app/store.js").Store} store @param {string} id */
function renaming(store, id) {
  const input = h("input", { id: "new-name", maxlength: 64, required: true, autocomplete: "off" });
  const said = h("p", { class: "problem", role: "alert" });
  const form = h(
    "form",
    { class: "inline", submit: submit },
    h("label", { for: "new-name" }, "Name on this page"),
    input,
    h("button", {}, "Rename"),
    said,
  );
  input.value = store.devices.get(id)?.name ?? "";

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    try {
      store.putDevice(
        await request("PATCH", `/devices/${encodeURIComponent(id)}`, { name: input.value.trim() }),
      );
      setText(said, "");
    } catch (error) {
      setText(said, error instanceof ApiError ? error.message : "The gateway cannot be reached.");
    }
  }

  form.hidden = !store.may("admin");
  return form;
}
