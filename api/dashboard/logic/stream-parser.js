/** Reads Server-Sent Events out of text that arrives in pieces. */
export class StreamParser {
  constructor() {
    /** Of the last event that arrived whole. */
    this.lastEventId = "";
    this.id = "";
    /** @type {number | null} as the gateway asks for, ms */
    this.retryMs = null;
    this.rest = "";
    this.type = "";
    /** @type {string[]} */
    this.data = [];
  }

  /**
   * @param {string} text the next piece
   * @returns {import("../types").StreamEvent[]} the events that it completes
   */
  push(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    /** @type {import("../types").StreamEvent[]} */
    const events = [];
    for (const line of lines) {
      const event = this.takeLine(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event) events.push(event);
    }
    return events;
  }

  /** Forget an event that was cut off: the rest of it will never come. */
  restart() {
    this.rest = "";
    this.type = "";
    this.data = [];
    this.id = this.lastEventId;
  }

  /** @param {string} line @returns {import("../types").StreamEvent | null} */
  takeLine(line) {
    if (line === "") return this.finish();
    const at = line.indexOf(":");
    if (at === 0) return null; // a heartbeat
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (name === "event") this.type = value;
    else if (name === "data") this.data.push(value);
    else if (name === "id") this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  finish() {
    this.lastEventId = this.id;
    const event = { id: this.lastEventId, type: this.type || "message", data: this.data.join("\n") };
    const complete = this.data.length > 0;
    this.type = "";
    this.data = [];
    return complete ? event : null;
  }
}
