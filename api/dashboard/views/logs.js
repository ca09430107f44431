/** The newest lines of the gateway's log, and how much it writes. */

import { ApiError, get, isAbsent, request } from "../app/api.js";
import { h, setText } from "../app/dom.js";
import { momentText } from "../logic/words.js";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"];
const LINES = 100;

export class Logs {
  /** @param {import("../app/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.newest = "";
    this.shown = levelSelect("shown-level", "INFO", () => this.load());
    this.written = levelSelect("written-level", "", () => this.setLevel());
    this.written.prepend(h("option", { value: "", selected: true }, "as started"));
    this.said = h("p", { class: "hint", role: "status" });
    this.list = h("ol", { class: "log", tabindex: 0, "aria-label": "Log lines, newest first" });
    this.element = h(
      "section",
      { class: "card", hidden: true },
      h("h2", {}, "Log"),
      h(
        "div",
        { class: "controls" },
        h("p", {}, h("label", { for: "shown-level" }, "Show from"), this.shown),
        h("p", {}, h("label", { for: "written-level" }, "Gateway writes"), this.written),
      ),
      this.said,
      this.list,
    );
  }

  async load() {
    try {
      const { logs } = await get("/logs", { level: this.shown.value, limit: String(LINES) });
      this.show(logs);
      setText(this.said, logs.length === 0 ? "Nothing of this level yet." : "");
    } catch (error) {
      if (isAbsent(error)) return; // an older gateway
      const denied = error instanceof ApiError && error.status === 403;
      setText(
        this.said,
        denied ? "Only a key with the scope admin may read the log." : "The log could not be fetched.",
      );
      this.list.hidden = denied;
    }
    this.written.disabled = !this.store.may("admin");
    this.element.hidden = false;
  }

  /** @param {import("../types").LogLine[]} lines */
  show(lines) {
    const text = `${this.shown.value} ${lines[0]?.time} ${lines[0]?.message} ${lines.length}`;
    if (text === this.newest) return;
    this.newest = text;
    this.list.replaceChildren(
      ...lines.map((line) =>
        h(
          "li",
          { "data-level": line.level },
          h("time", { datetime: line.time }, momentText(line.time)),
          h("span", { class: "level" }, line.level),
          h("span", { class: "logger" }, line.logger),
          h("span", { class: "message" }, messageOf(line)),
        ),
      ),
    );
  }

  async setLevel() {
    if (!this.written.value) return;
    try {
      await request("PUT", "/logging", { level: this.written.value });
      setText(this.said, `The gateway writes ${this.written.value} and above, until its next start.`);
    } catch (error) {
      setText(this.said, error instanceof ApiError ? error.message : "The gateway cannot be reached.");
    }
  }
}

/** @param {string} id @param {string} chosen @param {() => void} changed */
function levelSelect(id, chosen, changed) {
  const select = h("select", { id, change: changed }, ...LEVELS.map((level) => h("option", {}, level)));
  if (chosen) select.value = chosen;
  return select;
}

/** @param {import("../types").LogLine} line */
function messageOf(line) {
  const extra = Object.entries(line.extra)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  return [extra, line.message, line.exception].filter(Boolean).join(" ");
}
