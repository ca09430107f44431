/** Which commands are asked about once more before they are sent. */

const WORDS = new Set([
  "reset",
  "restart",
  "reboot",
  "erase",
  "format",
  "clear",
  "delete",
  "wipe",
  "factory",
  "shutdown",
  "poweroff",
  "halt",
  "unlock",
  "calibrate",
  "flash",
  "bootloader",
]);

/**
 * Dangerous is what its description marks so (`dangerous`, or `x-dangerous` in its schema), and, where
 * neither is said, a name with a word in it that undoes or stops something.
 * @param {import("../types").CommandDescription} command
 */
export function isDangerous(command) {
  const marked = command.dangerous ?? command.arguments["x-dangerous"];
  return marked ?? command.name.split(/[_\-\s]+/).some((word) => WORDS.has(word.toLowerCase()));
}
