/** The gateway's state in words. */

import { durationText, momentText, sizeText } from "./words.js";

/** @typedef {{ text: string, level?: "good" | "watch" | "bad" | undefined }} Cell */
/** @typedef {Cell & { name: string }} Fact */

const SILENT_S = 15;

/** @param {import("../types").Status} status @returns {Fact[]} */
export function journalFacts({ journal }) {
  const works = journal.status === "ok";
  /** @type {Fact[]} */
  const facts = [
    {
      name: "State",
      text: works ? "Stores" : `Cannot store: ${journal.detail ?? "no reason known"}`,
      level: works ? "good" : "bad",
    },
    { name: "Readings stored since the start", text: journal.committed_rows.toLocaleString("en") },
    { name: "Waiting to be stored", text: journal.queued.toLocaleString("en") },
    { name: "Size", text: `${sizeText(journal.bytes)} of ${sizeText(journal.bytes_max)}` },
    {
      name: "Last stored",
      text:
        journal.last_commit_age_s === null ? "nothing yet" : `${durationText(journal.last_commit_age_s)} ago`,
    },
  ];
  if (journal.failed_commits > 0) {
    facts.push({ name: "Failed attempts", text: String(journal.failed_commits), level: "watch" });
  }
  if (journal.shed_rows > 0) {
    facts.push({ name: "Given up for space", text: journal.shed_rows.toLocaleString("en"), level: "bad" });
  }
  return facts;
}

/** @param {import("../types").Status} status @returns {Fact[]} */
export function clockFacts({ clock }) {
  const synchronized = clock.synchronized === true;
  return [
    {
      name: "State",
      text: synchronized ? "Synchronized" : "Not synchronized: times may be wrong",
      level: synchronized ? "good" : "watch",
    },
    { name: "Time", text: clock.time ? momentText(clock.time) : "unknown" },
  ];
}

/** @param {import("../types").Status} status @returns {Cell[][]} */
export function sinkRows({ sinks }) {
  return sinks.map((sink) => {
    const since = sink.since ? ` since ${momentText(sink.since)}` : "";
    const why = sink.error ? `${since}: ${sink.error}` : "";
    const oldest =
      sink.oldest_age_s !== null && sink.lag_rows > 0 ? `, oldest ${durationText(sink.oldest_age_s)}` : "";
    return [
      { text: sink.name },
      { text: sink.state + why, level: sink.error ? "bad" : "good" },
      { text: sink.lag_rows.toLocaleString("en") + oldest },
      { text: sink.delivered.toLocaleString("en") },
      { text: sink.rejected.toLocaleString("en"), level: sink.rejected > 0 ? "bad" : undefined },
    ];
  });
}

/** @param {import("../types").Status} status @returns {Cell[][]} */
export function workerRows({ workers }) {
  return workers.map(({ name, state, restarts, progress_age_s, detail }) => {
    const runs = state === "running";
    const silent = progress_age_s !== null && progress_age_s > SILENT_S;
    return [
      { text: name },
      { text: detail ? `${state}: ${detail}` : state, level: runs ? "good" : "bad" },
      { text: String(restarts), level: restarts > 0 ? "watch" : undefined },
      {
        text: progress_age_s === null ? "–" : `${durationText(progress_age_s)} ago`,
        level: silent ? "watch" : undefined,
      },
    ];
  });
}

/** @param {import("../types").Status} status @returns {Cell[][]} */
export function busRows({ buses }) {
  return buses.map((bus) => [
    { text: bus.name },
    { text: `${bus.type}, ${bus.port}` },
    { text: bus.transactions.toLocaleString("en") },
    { text: bus.waits.toLocaleString("en") },
    { text: durationText(bus.wait_max_ms / 1000) },
    { text: bus.timeouts.toLocaleString("en"), level: bus.timeouts > 0 ? "watch" : undefined },
  ]);
}
