/** Asks once more before something that cannot be taken back. */

import { h } from "../app/dom.js";
import { label } from "../logic/words.js";

/**
 * @param {string} device
 * @param {string} command
 * @param {string} values the arguments in words, "" for none
 * @returns {Promise<boolean>}
 */
export function confirmed(device, command, values) {
  return new Promise((resolve) => {
    const no = h("button", { type: "button", autofocus: true, click: () => dialog.close("no") }, "Cancel");
    const yes = h(
      "button",
      { type: "button", class: "danger", click: () => dialog.close("yes") },
      `Send ${label(command)}`,
    );
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "confirm-title",
        close: () => {
          resolve(dialog.returnValue === "yes");
          dialog.remove();
        },
      },
      h("h2", { id: "confirm-title" }, `Send ${label(command)} to ${device}?`),
      h("p", {}, values ? `With ${values}. ` : "", "It cannot be taken back."),
      h("p", { class: "buttons" }, no, yes),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
