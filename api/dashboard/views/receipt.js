/** How far a command has come. */

import { h, setText } from "../app/dom.js";
import { isFinal, stateWords, STEPS } from "../logic/receipts.js";
import { numberText } from "../logic/values.js";

const STEP_TEXTS = ["Queued", "Sent", "Done"];

export class Receipt {
  constructor() {
    this.id = "";
    this.words = h("p", { class: "receipt-words", role: "status" });
    this.steps = STEP_TEXTS.map((text) => h("li", {}, text));
    this.element = h(
      "div",
      { class: "receipt", hidden: true },
      h("ol", { class: "steps", "aria-hidden": "true" }, ...this.steps),
      this.words,
    );
  }

  /** On its way to the gateway. */
  begin() {
    this.id = "";
    this.element.hidden = false;
    this.element.dataset.level = "busy";
    this.mark(-1);
    setText(this.words, "On its way");
  }

  clear() {
    this.element.hidden = true;
  }

  /** @param {string} words */
  fail(words) {
    this.element.dataset.level = "watch";
    setText(this.words, words);
  }

  /** @param {import("../types").Command} command */
  show(command) {
    const { text, level } = stateWords(command.state);
    this.element.hidden = false;
    this.element.dataset.level = level;
    this.mark(isFinal(command.state) && command.state !== "done" ? -2 : STEPS.indexOf(command.state));
    const took =
      command.state === "done" && command.duration_ms !== null
        ? ` in ${numberText(command.duration_ms, 1)} ms`
        : "";
    const why = command.detail ? `: ${command.detail}` : "";
    const result =
      command.result === null || command.result === undefined
        ? ""
        : `. Result: ${JSON.stringify(command.result)}`;
    setText(this.words, `${text}${took}${why}${result}`);
  }

  /** @param {number} reached index of the last step reached; -2 when it ended otherwise */
  mark(reached) {
    this.steps.forEach((step, at) => step.classList.toggle("reached", at <= reached));
    this.steps.forEach((step) => (step.hidden = reached === -2));
  }
}
