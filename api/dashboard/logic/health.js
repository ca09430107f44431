/** What a device's counters mean, in plain words, and what most likely causes it. */

import { counted } from "./words.js";

const RARE = 0.001;
const OFTEN = 0.02;
const MANY_RESETS = 2;
const SLOW_MS = 150;
const POLLS_ENOUGH = 20;
const FEW = 3;

/**
 * @typedef {object} Finding
 * @property {"good" | "watch" | "bad"} level
 * @property {string} says what is the matter
 * @property {string | null} cause the probable one, null when there is none to name
 * @property {string | null} advice what to look at first
 */

/** @type {Finding} */
const HEALTHY = { level: "good", says: "Healthy", cause: null, advice: null };

const CABLE = "Check plugs, length and ground of the cable, and keep it away from motors and mains.";
const SUPPLY =
  "Measure the board's supply under load; a relay, motor or radio on the same supply is the usual reason.";

/**
 * @param {import("../types").Device} device
 * @returns {Finding}
 */
export function assess(device) {
  if (device.state === "quarantined") return quarantined(device);
  if (device.state === "offline") return printed(device) ?? offline(device);
  return (
    [printed, restarts, slowClock, damaged, unanswered, overwritten, late]
      .map((judge) => judge(device))
      .find((finding) => finding !== null) ?? HEALTHY
  );
}

/** @param {import("../types").Device} device */
function isI2c(device) {
  return device.address !== null;
}

/**
 * Of all polls; a few are chance and count as none.
 * @param {import("../types").Device} device
 * @param {number} count
 */
function share(device, count) {
  return count < FEW || device.health.polls < POLLS_ENOUGH ? 0 : count / device.health.polls;
}

/** @param {import("../types").Device} device @returns {Finding} */
function quarantined(device) {
  const detail = device.detail ?? "It does not say who it is.";
  const clash = /(another|already|address|identi|uid|different board)/i.test(detail);
  return {
    level: "bad",
    says: "Its readings are not taken.",
    cause: clash && isI2c(device) ? "address clash" : null,
    advice:
      clash && isI2c(device)
        ? "Two boards may have the same I2C address. Unplug one and give it another address."
        : "Check that the right sketch is on the board, then restart it.",
  };
}

/**
 * A sketch that prints: its detail tells what its lines are like.
 * @param {import("../types").Device} device
 * @returns {Finding | null}
 */
function printed(device) {
  if (device.driver !== "lines" || device.detail === null) return null;
  if (device.state !== "online") {
    return {
      level: device.state === "offline" ? "bad" : "watch",
      says: device.detail,
      cause: null,
      advice: CABLE,
    };
  }
  return {
    level: "watch",
    says: `Some of its lines were ${device.detail}`,
    cause: null,
    advice: "Correct the format of the device in gateway.toml, if these lines have readings.",
  };
}

/** @param {import("../types").Device} device @returns {Finding} */
function offline(device) {
  if (device.health.resets >= MANY_RESETS) {
    return {
      level: "bad",
      says: "It restarted often before it fell silent.",
      cause: "supply",
      advice: SUPPLY,
    };
  }
  return {
    level: "bad",
    says: device.last_seen ? "It has stopped answering." : "It has not answered yet.",
    cause: "supply or cable",
    advice: isI2c(device)
      ? "Check power, SDA, SCL and ground. When every board on this bus is gone, one of them holds the lines."
      : "Check the USB cable and whether the board has power.",
  };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function restarts(device) {
  const { resets, polls } = device.health;
  if (resets < MANY_RESETS) return null;
  const hours = (polls * device.interval_s) / 3600;
  const says = `It restarted ${counted(resets, "time")} since the gateway began.`;
  return { level: resets > hours ? "bad" : "watch", says, cause: "supply", advice: SUPPLY };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function slowClock(device) {
  const { latency_ms, crc_errors, retries } = device.health;
  if (!isI2c(device) || (latency_ms.p99 ?? 0) < SLOW_MS) return null;
  if (share(device, crc_errors + retries) < RARE) return null;
  return {
    level: "watch",
    says: "Some answers come late and damaged.",
    cause: "clock stretching",
    advice:
      "The sketch holds the bus while it is busy. Slow the bus down, or keep the sketch's interrupts short.",
  };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function damaged(device) {
  const rate = share(device, device.health.crc_errors);
  if (rate < RARE) return null;
  return {
    level: rate >= OFTEN ? "bad" : "watch",
    says:
      device.driver === "lines"
        ? `${counted(device.health.crc_errors, "line")} arrived damaged.`
        : `${counted(device.health.crc_errors, "answer")} arrived damaged; each was asked for again.`,
    cause: "cable",
    advice: isI2c(device) ? `${CABLE} Long I2C lines need stronger pull-ups.` : CABLE,
  };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function unanswered(device) {
  const { missed, retries } = device.health;
  const rate = share(device, missed + retries);
  if (rate < OFTEN) return null;
  return {
    level: "watch",
    says: `${counted(missed, "poll")} got no answer, and it was asked again ${counted(retries, "time")}.`,
    cause: "cable or supply",
    advice: isI2c(device) ? `${CABLE} Two boards at one address also look like this.` : CABLE,
  };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function overwritten(device) {
  const { lost } = device.health;
  if (lost === 0) return null;
  return {
    level: "watch",
    says: `${counted(lost, "sample")} of the board are lost.`,
    cause: null,
    advice: "The board was away longer than it can remember, or restarted with samples in its memory.",
  };
}

/** @param {import("../types").Device} device @returns {Finding | null} */
function late(device) {
  if (device.state !== "late") return null;
  return { level: "watch", says: device.detail ?? "It is late.", cause: null, advice: null };
}
