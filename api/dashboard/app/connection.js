/**
 * The one event stream of the page. It comes back by itself and goes on behind the last event that arrived.
 * Not an EventSource: that neither tells why it failed nor lets a page notice a silent connection.
 */

import { resumesFrom, waitMs } from "../logic/reconnect.js";
import { StreamParser } from "../logic/stream-parser.js";

const ADDRESS = "/api/v1/events";
/** The gateway says something every 15 s. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 1000;

/**
 * @typedef {object} Listener
 * @property {(event: import("../types").StreamEvent) => void} event
 * @property {(resumed: boolean) => void} opened
 * @property {(reason: string) => void} lost
 * @property {() => void} loggedOut
 */

export class Connection {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    this.parser = new StreamParser();
    this.attempt = 0;
    this.heardAt = performance.now();
    /** @type {AbortController | null} */
    this.current = null;
    /** Counts the calls of `run`, so that an earlier one ends. */
    this.runs = 0;
    /** @type {(() => void) | null} */
    this.wakeUp = null;
  }

  /** Open it and keep it open; returns when it is stopped or the gateway wants a key. */
  async run() {
    const run = ++this.runs;
    while (run === this.runs) {
      const reason = await this.follow().catch((error) => reasonOf(error));
      if (run !== this.runs) return;
      if (reason === null) {
        this.listener.loggedOut();
        return;
      }
      this.listener.lost(reason);
      await this.pause(waitMs(this.attempt, this.parser.retryMs ?? FIRST_WAIT_MS, Math.random()));
      this.attempt += 1;
    }
  }

  /** Try at once, without waiting any longer. */
  retry() {
    this.attempt = 0;
    this.wakeUp?.();
  }

  stop() {
    this.runs += 1;
    this.current?.abort();
    this.wakeUp?.();
  }

  /**
   * One connection from its beginning to its end.
   * @returns {Promise<string | null>} why it ended; null: 401
   */
  async follow() {
    const controller = new AbortController();
    this.current = controller;
    const resume = resumesFrom(this.parser.lastEventId, performance.now() - this.heardAt);
    const watch = watchdog(SILENCE_MS, () => controller.abort(new Error("the gateway has fallen silent")));
    try {
      /** @type {Record<string, string>} */
      const headers = resume ? { "Last-Event-ID": resume } : {};
      const response = await fetch(ADDRESS, { headers, signal: controller.signal, cache: "no-store" });
      if (response.status === 401) return null;
      if (response.status === 422 || response.status === 400) this.parser = new StreamParser();
      if (!response.ok || !response.body) return `the gateway answered ${response.status}`;
      this.parser.restart();
      this.attempt = 0;
      this.listener.opened(resume !== "");
      await this.read(response.body, watch);
      return "the gateway has ended the connection";
    } finally {
      watch.stop();
      controller.abort();
    }
  }

  /** @param {ReadableStream<Uint8Array>} body @param {{ fed: () => void }} watch */
  async read(body, watch) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch.fed();
      this.heardAt = performance.now();
      for (const event of this.parser.push(decoder.decode(value, { stream: true })))
        this.listener.event(event);
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @param {number} ms @param {() => void} bark */
function watchdog(ms, bark) {
  let timer = setTimeout(bark, ms);
  return {
    fed() {
      clearTimeout(timer);
      timer = setTimeout(bark, ms);
    },
    stop: () => clearTimeout(timer),
  };
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof TypeError) return "it cannot be reached"; // what fetch throws when nobody answers
  return error instanceof Error ? error.message : String(error);
}
