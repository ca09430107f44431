import assert from "node:assert/strict";
import test from "node:test";

import {
  busRows,
  clockFacts,
  journalFacts,
  sinkRows,
  workerRows,
} from "../../api/dashboard/logic/gateway-words.js";
import { ledgerTotals } from "../../api/dashboard/logic/ledger.js";
import {
  argumentsText,
  isFinal,
  newer,
  problemWords,
  stateWords,
} from "../../api/dashboard/logic/receipts.js";
import { address, deviceAddress, parseRoute } from "../../api/dashboard/logic/route.js";
import { digitsIn, numberText, unitText, valueText } from "../../api/dashboard/logic/values.js";
import {
  ageText,
  axisTexts,
  counted,
  durationText,
  momentText,
  sizeText,
} from "../../api/dashboard/logic/words.js";
import { sent } from "./samples.js";

test("durations, ages, sizes and counts", () => {
  const durations = [
    [0.0042, "4 ms"],
    [1.25, "1.3 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [7200, "2 h"],
    [200_000, "2 days"],
    [NaN, "unknown"],
  ];
  for (const [seconds, text] of durations) assert.equal(durationText(Number(seconds)), text);
  assert.deepEqual([ageText(1.9), ageText(75), ageText(NaN)], ["now", "1 min ago", "at an unknown time"]);
  assert.deepEqual([sizeText(5), sizeText(1536), sizeText(1 << 30)], ["5 B", "1.5 KiB", "1 GiB"]);
  assert.deepEqual([counted(1, "board"), counted(2000, "board")], ["1 board", "2,000 boards"]);
});

test("a moment of another day has its day", () => {
  const now = new Date(2026, 10, 20, 12, 0, 0);
  assert.equal(momentText(new Date(2026, 10, 20, 9, 5, 7).toISOString(), now), "09:05:07");
  assert.equal(momentText(new Date(2026, 10, 19, 23, 5, 7).toISOString(), now), "19 Nov, 23:05:07");
});

test("an axis says each day once", () => {
  const noon = new Date(2026, 10, 20, 23, 0, 0).getTime() / 1000;
  assert.deepEqual(axisTexts([noon, noon + 3600, noon + 7200], 3600), [
    "23:00\n20 Nov",
    "00:00\n21 Nov",
    "01:00",
  ]);
  assert.deepEqual(axisTexts([noon], 86_400), ["20 Nov"]);
});

test("values with the digits that matter", () => {
  const values = [
    [21.5, "21.5"],
    [36.918537, "36.92"],
    [101_685, "101,685"],
    [0.001234, "0.00123"],
    [1234.56, "1,235"],
    [-0.5, "-0.5"],
    [0, "0"],
  ];
  for (const [value, text] of values) assert.equal(valueText(Number(value)), text);
  assert.equal(valueText(52.5163, "lat"), "52.51630");
  assert.equal(valueText(7, "V", 2), "7.00");
  assert.deepEqual(
    [valueText(null), valueText(undefined), valueText(true), valueText("low")],
    ["missing", "missing", "yes", "low"],
  );
  assert.deepEqual([numberText(Infinity), digitsIn("1,235"), digitsIn("0.25")], ["missing", 0, 2]);
  assert.deepEqual([unitText("Cel"), unitText("hPa"), unitText(null)], ["°C", "hPa", ""]);
});

test("every state of a command has words", () => {
  for (const state of ["queued", "sent", "done", "refused", "failed", "expired", "unknown"]) {
    assert.notEqual(stateWords(state).text, state);
    assert.equal(isFinal(state), !["queued", "sent"].includes(state));
  }
  assert.equal(stateWords("new").text, "new");
});

test("states that arrive out of order never go back", () => {
  const [queued, onTheWay, done] = [sent("queued"), sent("sent"), sent("done")];
  assert.equal(newer(undefined, queued), queued);
  assert.equal(newer(queued, onTheWay), onTheWay);
  assert.equal(newer(onTheWay, queued), onTheWay);
  assert.equal(newer(done, onTheWay), done);
  assert.equal(newer(onTheWay, done), done);
});

test("problems are sentences", () => {
  const offline = { code: "device_offline", detail: "x", status: 503 };
  assert.equal(problemWords(offline), "The board does not answer. Nothing was sent.");
  assert.equal(problemWords({ code: "new_code", detail: "too hot", status: 409 }), "Too hot.");
  assert.equal(argumentsText({ speed: 1, on: true }), "speed = 1, on = true");
});

test("addresses are read back as they were made", () => {
  assert.deepEqual(
    { ...parseRoute(deviceAddress("a/b c")), query: null },
    { name: "device", id: "a/b c", query: null },
  );
  assert.equal(parseRoute(address("history", { c: "a.b,c.d" })).query.get("c"), "a.b,c.d");
  assert.equal(parseRoute("").name, "devices");
  assert.equal(parseRoute("#/device/%E0%A4%A").id, "%E0%A4%A");
});

test("the ledger is summed up by device", () => {
  const hours = [
    { device: "a", hour: "2026-11-20T07:00:00Z", expected: 3600, stored: 3598, lost: { reset_on_board: 2 } },
    {
      device: "a",
      hour: "2026-11-20T08:00:00Z",
      expected: 3600,
      stored: 3599,
      lost: { reset_on_board: 1, other: 0 },
    },
    { device: "b", hour: "2026-11-20T08:00:00Z", expected: 10, stored: 10, lost: 0 },
  ];
  assert.deepEqual(ledgerTotals({ ledger: hours, next: null }), [
    { device: "a", expected: 7200, stored: 7197, lost: 3, reasons: "reset on board: 3" },
    { device: "b", expected: 10, stored: 10, lost: 0, reasons: "" },
  ]);
  assert.deepEqual(ledgerTotals({ next: null }), []);
});

/** @type {any} */
const STATUS = {
  clock: { time: "2026-11-20T07:00:00.123Z", synchronized: false },
  workers: [
    { name: "journal", state: "running", restarts: 0, progress_age_s: 60, detail: null },
    { name: "x", state: "waiting", restarts: 2, progress_age_s: null, detail: "why" },
  ],
  journal: {
    status: "blocked",
    detail: "disk full",
    queued: 5,
    committed_rows: 10,
    bytes: 2048,
    bytes_max: 1 << 30,
    failed_commits: 3,
    shed_rows: 1,
    last_commit_age_s: null,
  },
  sinks: [
    {
      name: "mongo",
      state: "waiting",
      lag_rows: 1500,
      oldest_age_s: 90,
      delivered: 2,
      rejected: 1,
      error: "refused",
      since: null,
    },
  ],
  buses: [
    {
      name: "i2c1",
      type: "i2c",
      port: "/dev/i2c-1",
      transactions: 5,
      waits: 1,
      timeouts: 2,
      wait_max_ms: 12,
    },
  ],
};

test("what is wrong with the gateway stands out", () => {
  const journal = journalFacts(STATUS);
  assert.deepEqual(
    journal.filter(({ level }) => level === "bad").map(({ name }) => name),
    ["State", "Given up for space"],
  );
  assert.equal(clockFacts(STATUS)[0]?.level, "watch");
  assert.deepEqual(
    workerRows(STATUS).map((row) => row[1]?.level),
    ["good", "bad"],
  );
  assert.equal(workerRows(STATUS)[0]?.[3]?.level, "watch");
  const [sink] = sinkRows(STATUS);
  assert.deepEqual(
    sink?.map(({ text }) => text),
    ["mongo", "waiting: refused", "1,500, oldest 1 min", "2", "1"],
  );
  assert.equal(busRows(STATUS)[0]?.[5]?.level, "watch");
});
