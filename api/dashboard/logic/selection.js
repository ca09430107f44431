/** Channels as they are named in the page's address: `greenhouse.temperature`. */

/** @typedef {{ device: string, channel: string }} Choice */

/** Channels in one picture at most: more than that cannot be told apart. */
export const CHOICES_MAX = 8;

/** @param {string | null} text @returns {Choice[]} */
export function parseChoices(text) {
  const names = (text ?? "").split(",").filter((name) => name.includes("."));
  return names.slice(0, CHOICES_MAX).map((name) => {
    const at = name.lastIndexOf("."); // a device may have a point in its id, a channel never has
    return { device: name.slice(0, at), channel: name.slice(at + 1) };
  });
}

/** @param {Choice} choice */
export function choiceName(choice) {
  return `${choice.device}.${choice.channel}`;
}

/**
 * The first channels of the first device, for who has chosen nothing yet.
 * @param {import("../types").Device[]} devices
 * @returns {Choice[]}
 */
export function firstChoices(devices) {
  const device = devices.find((one) => one.channels.length > 0);
  return device ? device.channels.slice(0, 2).map(({ name }) => ({ device: device.id, channel: name })) : [];
}

/**
 * One chart for each unit, so that no axis means two things.
 * @template {{ unit: string }} T
 * @param {T[]} items
 * @returns {Map<string, T[]>}
 */
export function byUnit(items) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of items) groups.set(item.unit, [...(groups.get(item.unit) ?? []), item]);
  return groups;
}
