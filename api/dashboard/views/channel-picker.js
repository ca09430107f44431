/** Which channels are shown: a check box for each, by device. */

import { h, setText } from "../app/dom.js";
import { CHOICES_MAX, choiceName } from "../logic/selection.js";
import { unitText } from "../logic/values.js";
import { label } from "../logic/words.js";

export class ChannelPicker {
  /** @param {(choices: import("../logic/selection.js").Choice[]) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    /** @type {import("../logic/selection.js").Choice[]} */
    this.choices = [];
    this.shape = "";
    this.groups = h("div", { class: "groups" });
    this.full = h("p", { class: "hint", role: "status" });
    this.element = h(
      "details",
      { class: "picker card", open: innerWidth > 720 },
      h("summary", {}, "Channels"),
      this.groups,
      this.full,
    );
  }

  /**
   * @param {import("../types").Device[]} devices
   * @param {import("../logic/selection.js").Choice[]} choices
   */
  show(devices, choices) {
    this.choices = choices;
    const shape = JSON.stringify([devices.map(({ id, name, channels }) => [id, name, channels]), choices]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.groups.replaceChildren(
      ...devices.filter(({ channels }) => channels.length > 0).map((one) => this.group(one)),
    );
    this.limit();
  }

  /** @param {import("../types").Device} device */
  group(device) {
    return h(
      "fieldset",
      {},
      h("legend", {}, device.name),
      ...device.channels.map((channel) => {
        const choice = { device: device.id, channel: channel.name };
        const input = h("input", {
          type: "checkbox",
          value: choiceName(choice),
          change: () => this.toggle(choice, input.checked),
        });
        input.checked = this.at(choice) >= 0;
        const unit = unitText(channel.unit);
        return h(
          "label",
          { class: "choice" },
          input,
          h("span", {}, label(channel.name), unit ? h("span", { class: "unit" }, ` ${unit}`) : ""),
        );
      }),
    );
  }

  /** @param {import("../logic/selection.js").Choice} choice */
  at(choice) {
    return this.choices.findIndex(
      ({ device, channel }) => device === choice.device && channel === choice.channel,
    );
  }

  /** @param {import("../logic/selection.js").Choice} choice @param {boolean} on */
  toggle(choice, on) {
    const rest = this.choices.filter((_, at) => at !== this.at(choice));
    this.choices = on ? [...rest, choice] : rest;
    this.limit();
    this.chosen(this.choices);
  }

  limit() {
    const full = this.choices.length >= CHOICES_MAX;
    for (const input of this.groups.querySelectorAll("input")) input.disabled = full && !input.checked;
    setText(this.full, full ? `${CHOICES_MAX} channels at a time. Take one away to add another.` : "");
  }
}
