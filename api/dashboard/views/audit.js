/** The audit trail: every command, newest first. */

import { get } from "../app/api.js";
import { h, setText } from "../app/dom.js";
import { argumentsText, stateWords } from "../logic/receipts.js";
import { label, momentText } from "../logic/words.js";

const PAGE = 25;

export class Audit {
  /** @param {import("../app/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<string, import("../types").Command>} older ones, fetched for this list */
    this.older = new Map();
    /** @type {string | null} */
    this.next = null;
    this.body = h("tbody", {});
    this.said = h("p", { class: "hint", role: "status" }, "Fetching…");
    this.more = h("button", { type: "button", hidden: true, click: () => this.load() }, "Show older");
    const headings = ["Time", "Device", "Command", "Outcome", "By"].map((text) =>
      h("th", { scope: "col" }, text),
    );
    this.element = h(
      "section",
      { class: "card audit" },
      h("h2", {}, "What was sent"),
      h(
        "div",
        { class: "scroll", role: "region", "aria-label": "Commands that were sent", tabindex: 0 },
        h(
          "table",
          {},
          h("caption", { class: "aloud" }, "Commands, newest first"),
          h("thead", {}, h("tr", {}, ...headings)),
          this.body,
        ),
      ),
      this.said,
      this.more,
    );
  }

  async load() {
    try {
      /** @type {Record<string, string>} */
      const query = { limit: String(PAGE) };
      if (this.next !== null) query.cursor = this.next;
      const page = await get("/commands", query);
      for (const command of page.commands) this.older.set(command.id, command);
      this.next = page.next;
    } catch (error) {
      setText(this.said, `The list could not be fetched: ${error instanceof Error ? error.message : error}`);
      return;
    }
    this.more.hidden = this.next === null;
    this.show();
  }

  show() {
    const all = new Map([...this.older, ...this.store.commands]);
    const newestFirst = [...all.values()].sort((a, b) => (a.requested_at < b.requested_at ? 1 : -1));
    setText(this.said, newestFirst.length === 0 ? "Nothing yet." : "");
    this.body.replaceChildren(...newestFirst.map((command) => this.row(command)));
  }

  /** @param {import("../types").Command} command */
  row(command) {
    const { text, level } = stateWords(command.state);
    const values = argumentsText(command.arguments);
    return h(
      "tr",
      {},
      h("td", {}, h("time", { datetime: command.requested_at }, momentText(command.requested_at))),
      h("td", {}, command.device),
      h("td", {}, h("strong", {}, label(command.name)), values ? ` ${values}` : ""),
      h(
        "td",
        {},
        h("span", { class: "outcome", "data-level": level }, text),
        command.detail ? `: ${command.detail}` : "",
      ),
      h("td", {}, command.actor ?? "this machine"),
    );
  }
}
