/** What became of a command, in words. */

/** @type {Record<string, { text: string, level: "good" | "watch" | "bad" | "busy" }>} */
const STATES = {
  queued: { text: "Waiting for the bus", level: "busy" },
  sent: { text: "Sent, waiting for the board", level: "busy" },
  done: { text: "Done", level: "good" },
  refused: { text: "The board refused it", level: "bad" },
  failed: { text: "The board reported a failure", level: "bad" },
  expired: { text: "Never sent: the board could not be reached in time", level: "bad" },
  unknown: { text: "Sent, but never answered: it may have happened", level: "watch" },
};

/** The way of a command that goes well. */
export const STEPS = ["queued", "sent", "done"];

/** @param {string} state */
export function stateWords(state) {
  return STATES[state] ?? { text: state, level: "watch" };
}

/** @param {string} state */
export function isFinal(state) {
  return state !== "queued" && state !== "sent";
}

/**
 * States of one command may arrive out of order over two ways (its reply and the events); a final one stays.
 * @param {import("../types").Command | undefined} known
 * @param {import("../types").Command} told
 */
export function newer(known, told) {
  if (!known || !isFinal(known.state)) {
    return known && rank(known.state) > rank(told.state) ? known : told;
  }
  return isFinal(told.state) ? told : known;
}

/** @param {string} state */
function rank(state) {
  return state === "queued" ? 0 : state === "sent" ? 1 : 2;
}

/** @type {Record<string, string>} */
const CODES = {
  unknown_device: "The gateway does not know this device any more.",
  unknown_command: "The board does not know this command. Perhaps it has a new program.",
  device_offline: "The board does not answer. Nothing was sent.",
  maintenance: "The device is in maintenance. Nothing was sent; try again when that is over.",
  bus_busy: "The bus was not free in time. Nothing was sent; try again.",
  outcome_unknown: "It was sent, but the answer never came. It may have happened.",
  idempotency_mismatch: "This was sent before with other values.",
  journal_unavailable: "The gateway cannot record it now, so it was not sent.",
  forbidden: "Your key may not send commands.",
  unauthenticated: "You are not logged in any more.",
};

/**
 * A problem of the API as a sentence.
 * @param {import("../types").ProblemDocument} problem
 */
export function problemWords(problem) {
  return CODES[problem.code] ?? sentence(problem.detail || problem.code);
}

/** @param {Record<string, import("../types").Value>} values */
export function argumentsText(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
}

/** @param {string} text */
function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
