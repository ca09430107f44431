/** The form of one command, made from the board's own description, with the receipt of what was sent last. */

import { ApiError, freshKey, request } from "../app/api.js";
import { h, setAttribute, setText } from "../app/dom.js";
import { fieldsOf, limitsText, readFields } from "../logic/arguments.js";
import { isDangerous } from "../logic/danger.js";
import { argumentsText, problemWords } from "../logic/receipts.js";
import { label } from "../logic/words.js";
import { confirmed } from "./confirm.js";
import { Receipt } from "./receipt.js";

let made = 0;

export class CommandForm {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {string} device
   * @param {import("../types").CommandDescription} command
   */
  constructor(store, device, command) {
    this.store = store;
    this.device = device;
    this.command = command;
    this.prefix = `command-${++made}`;
    this.fields = fieldsOf(command);
    this.dangerous = isDangerous(command);
    /** @type {Map<string, { input: HTMLInputElement | HTMLSelectElement, problem: HTMLElement }>} */
    this.inputs = new Map();
    this.problem = h("p", { class: "problem", role: "alert" });
    this.button = h(
      "button",
      { class: this.dangerous ? "danger" : "main" },
      "Send",
      h("span", { class: "aloud" }, ` ${label(command.name)}`),
    );
    this.button.disabled = !store.may("command");
    this.receipt = new Receipt();
    this.element = h(
      "form",
      {
        class: "card command",
        novalidate: true,
        submit: (event) => this.submit(event),
        "aria-labelledby": this.prefix,
      },
      h(
        "h2",
        { id: this.prefix },
        label(command.name),
        this.dangerous ? h("span", { class: "tag warn" }, "asks first") : "",
      ),
      command.description ? h("p", { class: "hint" }, command.description) : "",
      ...this.fields.map((field) => this.fieldElement(field)),
      this.button,
      this.problem,
      this.receipt.element,
    );
  }

  /** @param {import("../logic/arguments.js").Field} field */
  fieldElement(field) {
    const id = `${this.prefix}-${field.name}`;
    const input = inputOf(field, id);
    const limits = limitsText(field);
    const problem = h("p", { class: "problem", id: `${id}-problem` });
    input.setAttribute("aria-describedby", [limits ? `${id}-limits` : "", `${id}-problem`].join(" ").trim());
    this.inputs.set(field.name, { input, problem });
    if (field.kind === "boolean") {
      return h(
        "div",
        { class: "field" },
        h("label", { class: "choice" }, input, h("span", {}, label(field.name))),
        problem,
      );
    }
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label(field.name)),
      input,
      limits ? h("p", { class: "hint", id: `${id}-limits` }, limits) : "",
      problem,
    );
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    setText(this.problem, "");
    const { values, problems } = readFields(this.fields, this.texts());
    this.showProblems(problems);
    if (Object.keys(problems).length > 0) return;
    if (this.dangerous && !(await confirmed(this.device, this.command.name, argumentsText(values)))) return;
    await this.send(values);
  }

  texts() {
    /** @type {Record<string, string>} */
    const texts = {};
    for (const [name, { input }] of this.inputs) {
      texts[name] =
        input instanceof HTMLInputElement && input.type === "checkbox" ? String(input.checked) : input.value;
    }
    return texts;
  }

  /** @param {Record<string, string>} problems */
  showProblems(problems) {
    let first = true;
    for (const [name, { input, problem }] of this.inputs) {
      const text = problems[name] ?? "";
      setText(problem, text ? `${label(name)} ${text}` : "");
      setAttribute(input, "aria-invalid", text ? "true" : null);
      if (text && first) {
        input.focus();
        first = false;
      }
    }
  }

  /** @param {Record<string, import("../types").Value>} values */
  async send(values) {
    this.button.disabled = true;
    this.receipt.begin();
    const body = { name: this.command.name, arguments: values };
    try {
      const path = `/devices/${encodeURIComponent(this.device)}/commands?wait=0`;
      const command = await request("POST", path, body, { "Idempotency-Key": freshKey() });
      this.follow(command);
    } catch (error) {
      this.failed(error);
    } finally {
      this.button.disabled = !this.store.may("command");
    }
  }

  /** @param {import("../types").Command} command */
  follow(command) {
    this.store.putCommand(command);
    this.receipt.id = command.id;
    this.update();
  }

  /** @param {unknown} error */
  failed(error) {
    if (!(error instanceof ApiError)) {
      this.receipt.fail("No answer from the gateway. Look into the list below before you send it again.");
      return;
    }
    const { problem } = error;
    if (problem.command) {
      this.follow(problem.command);
      return;
    }
    this.receipt.clear();
    this.showProblems(problem.problems ?? {});
    if (!problem.problems) setText(this.problem, problemWords(problem));
  }

  update() {
    const command = this.store.commands.get(this.receipt.id);
    if (command) this.receipt.show(command);
  }
}

/** @param {import("../logic/arguments.js").Field} field @param {string} id */
function inputOf(field, id) {
  if (field.kind === "choice") {
    return h("select", { id }, ...field.choices.map((choice) => h("option", {}, String(choice))));
  }
  if (field.kind === "boolean") {
    const box = h("input", { id, type: "checkbox" });
    box.checked = field.initial === true;
    return box;
  }
  const isNumber = field.kind !== "string";
  const input = h("input", {
    id,
    type: "text",
    autocomplete: "off",
    inputmode: isNumber ? "decimal" : "text",
    "aria-required": field.required ? "true" : null,
  });
  if (field.initial !== null) input.value = String(field.initial);
  return input;
}
