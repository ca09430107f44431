/** Commands: a form for each that a board offers, their receipts, and who has sent what. */

import { h, setText } from "../app/dom.js";
import { address } from "../logic/route.js";
import { Audit } from "./audit.js";
import { CommandForm } from "./command-form.js";

/** @type {import("../app/router.js").Open} */
export function open(root, store, route) {
  const page = new CommandsPage(store, route.query.get("device") ?? "");
  root.append(page.element);
  page.showDevices();
  page.audit.load();
  return { title: "Commands", update: (changed) => page.update(changed) };
}

class CommandsPage {
  /** @param {import("../app/store.js").Store} store @param {string} device */
  constructor(store, device) {
    this.store = store;
    this.device = device;
    this.shape = "";
    /** @type {CommandForm[]} */
    this.forms = [];
    this.audit = new Audit(store);
    this.select = h("select", { id: "device", change: () => this.choose(this.select.value) });
    this.note = h("p", { class: "note", role: "status" });
    this.list = h("div", { class: "forms" });
    this.element = h(
      "div",
      {},
      h(
        "div",
        { class: "heading" },
        h("h1", {}, "Commands"),
        h("p", { class: "device-choice" }, h("label", { for: "device" }, "Device"), this.select),
      ),
      this.note,
      this.list,
      this.audit.element,
    );
  }

  /** @param {ReadonlySet<string>} changed */
  update(changed) {
    if ([...changed].some((name) => name.startsWith("device") || name === "session")) this.showDevices();
    if (changed.has("connection")) this.showNote();
    if (!changed.has("commands")) return;
    for (const form of this.forms) form.update();
    this.audit.show();
  }

  showDevices() {
    const able = [...this.store.devices.values()].filter(({ commands }) => commands.length > 0);
    if (!this.store.devices.has(this.device)) this.device = able[0]?.id ?? this.device;
    const options = able.map(({ id, name }) => `${id}\n${name}`).join("\n");
    if (this.select.dataset.options !== options) {
      this.select.dataset.options = options;
      this.select.replaceChildren(...able.map(({ id, name }) => h("option", { value: id }, name)));
    }
    this.select.value = this.device;
    this.showForms();
    this.showNote();
  }

  showForms() {
    const device = this.store.devices.get(this.device);
    const shape = JSON.stringify([this.device, device?.commands, this.store.may("command")]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.forms = (device?.commands ?? []).map((command) => new CommandForm(this.store, this.device, command));
    this.list.replaceChildren(...this.forms.map(({ element }) => element));
  }

  showNote() {
    const device = this.store.devices.get(this.device);
    let text = "";
    if (!device) text = this.store.loaded ? "No board here takes commands." : "Asking the gateway…";
    else if (!this.store.may("command")) text = "Your key may read, but not send commands.";
    else if (this.store.connection === "lost") text = "There is no contact with the gateway.";
    else if (device.state === "offline")
      text = `${device.name} does not answer now. A command will most likely not arrive.`;
    setText(this.note, text);
    this.note.hidden = text === "";
  }

  /** @param {string} device */
  choose(device) {
    this.device = device;
    history.replaceState(null, "", address("commands", { device }));
    this.showDevices();
  }
}
