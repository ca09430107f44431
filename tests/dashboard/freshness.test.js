import assert from "node:assert/strict";
import test from "node:test";

import { GatewayClock } from "../../api/dashboard/logic/clock.js";
import { freshness, isLater, staleAfterS } from "../../api/dashboard/logic/freshness.js";
import { device } from "./samples.js";

test("a value is fresh for three intervals and the way to the page", () => {
  const board = device({ interval_s: 10 });
  assert.equal(staleAfterS(10), 32);
  assert.deepEqual(freshness(board, 31.9, true), { stale: false, ageS: 31.9, why: null });
  assert.equal(freshness(board, 32.1, true).stale, true);
});

test("a value of unknown age is stale", () => {
  assert.equal(freshness(device(), NaN, true).stale, true);
});

test("a stale value says why", () => {
  assert.match(String(freshness(device(), 100, true).why), /nothing newer/);
  assert.match(String(freshness(device(), 100, false).why), /no contact/);
  assert.match(String(freshness(device({ state: "offline" }), 0, true).why), /does not answer/);
  assert.match(String(freshness(device({ state: "quarantined" }), 0, true).why), /not trusted/);
});

test("ages are reckoned on the gateway's clock, whatever the browser's says", () => {
  let steadyMs = 1000;
  const clock = new GatewayClock(() => steadyMs);
  assert.equal(clock.known, false);
  assert.ok(Number.isNaN(clock.ageS("2026-11-20T07:00:00.000Z")));
  clock.set(Date.parse("2026-11-20T07:00:01.000Z"));
  steadyMs += 2500;
  assert.equal(clock.known, true);
  assert.equal(clock.ageS("2026-11-20T07:00:00.000Z"), 3.5);
  assert.equal(clock.ageS("2026-11-20T08:00:00.000Z"), 0);
});

test("an older reading never takes the place of a newer one", () => {
  const reading = (/** @type {object} */ changes) =>
    /** @type {any} */ ({ key: "a", time: "2026-11-20T07:00:00.000Z", boot: 5, seq: 7, ...changes });
  const known = reading({});
  assert.equal(isLater(reading({}), known), false);
  assert.equal(isLater(reading({ seq: 8, time: "2026-11-20T06:00:00.000Z" }), known), true);
  assert.equal(isLater(reading({ seq: 6, time: "2026-11-20T08:00:00.000Z" }), known), false);
  assert.equal(isLater(reading({ boot: 6, seq: 1 }), known), true);
  assert.equal(isLater(reading({ boot: 4, seq: 99 }), known), false);
  assert.equal(isLater(reading({ boot: 0, seq: 1, time: "2026-11-20T07:00:01.000Z" }), known), true);
  const unnumbered = reading({ boot: null, seq: null });
  assert.equal(isLater(reading({ key: "b", seq: null, time: "2026-11-20T07:00:01.000Z" }), unnumbered), true);
  assert.equal(isLater(reading({ seq: null }), unnumbered), false);
});
