import assert from "node:assert/strict";
import test from "node:test";

import { assess } from "../../api/dashboard/logic/health.js";
import { device, withHealth } from "./samples.js";

const SERIAL = { address: null };

test("nothing unusual is healthy, and so is a single mishap", () => {
  assert.equal(assess(device()).level, "good");
  assert.equal(assess(withHealth({ polls: 30, missed: 1 })).level, "good");
  assert.equal(assess(withHealth({ crc_errors: 1, retries: 1 })).level, "good");
});

test("restarts speak for the supply, and are worse when they are frequent", () => {
  const often = assess(withHealth({ resets: 4 }));
  assert.deepEqual([often.level, often.cause], ["bad", "supply"]);
  assert.equal(assess(withHealth({ resets: 2, polls: 1_000_000 })).level, "watch");
});

test("damaged answers speak for the cable", () => {
  const finding = assess(withHealth({ crc_errors: 5 }, SERIAL));
  assert.deepEqual([finding.level, finding.cause], ["watch", "cable"]);
  assert.equal(assess(withHealth({ crc_errors: 50 }, SERIAL)).level, "bad");
  assert.match(String(assess(withHealth({ crc_errors: 5 })).advice), /pull-ups/);
});

test("late and damaged answers on I2C speak for clock stretching", () => {
  const slow = { crc_errors: 5, latency_ms: { p50: 4, p99: 400 } };
  assert.equal(assess(withHealth(slow)).cause, "clock stretching");
  assert.equal(assess(withHealth(slow, SERIAL)).cause, "cable");
});

test("unanswered polls are named with a cause, and two boards at one address on I2C", () => {
  const finding = assess(withHealth({ missed: 40, retries: 10 }));
  assert.match(finding.says, /40 polls got no answer.*10 times/);
  assert.match(String(finding.advice), /one address/);
});

test("a board that is not trusted may clash with another address", () => {
  const clash = device({ state: "quarantined", detail: "another board answers at this address" });
  assert.equal(assess(clash).cause, "address clash");
  assert.equal(assess({ ...clash, address: null }).cause, null);
  assert.equal(assess(device({ state: "quarantined", detail: null })).level, "bad");
});

test("a silent board says what to look at first", () => {
  assert.match(String(assess(device({ state: "offline" })).advice), /SDA, SCL/);
  assert.match(String(assess(device({ state: "offline", ...SERIAL })).advice), /USB/);
  assert.match(assess(device({ state: "offline", last_seen: null })).says, /not answered yet/);
  const printing = { ...SERIAL, driver: "lines", detail: "what arrives is not text" };
  assert.match(assess(device({ state: "offline", ...printing })).says, /^what arrives is not text$/);
  assert.equal(assess(withHealth({ resets: 3 }, { state: "offline" })).cause, "supply");
});

test("lost samples and lateness are said", () => {
  assert.match(assess(withHealth({ lost: 1200 })).says, /1,200 samples/);
  assert.equal(assess(device({ state: "late", detail: "two polls missed" })).says, "two polls missed");
});
