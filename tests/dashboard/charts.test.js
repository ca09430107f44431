import assert from "node:assert/strict";
import test from "node:test";

import { chartRows, toCsv } from "../../api/dashboard/logic/csv.js";
import { moved, stepFor, zoomed } from "../../api/dashboard/logic/ranges.js";
import {
  byUnit,
  CHOICES_MAX,
  choiceName,
  firstChoices,
  parseChoices,
} from "../../api/dashboard/logic/selection.js";
import { timesOf, Track, withinLimits } from "../../api/dashboard/logic/track.js";
import { Trend, trendPath } from "../../api/dashboard/logic/trend.js";
import { device } from "./samples.js";

test("windows are as fine as a screen can show, and hold two readings", () => {
  assert.equal(stepFor(3600, 1), 10);
  assert.equal(stepFor(86_400, 1), 300);
  assert.equal(stepFor(604_800, 1), 1800);
  assert.equal(stepFor(60, 1), 2);
  assert.equal(stepFor(3600, 60), 120);
});

test("zooming and moving keep to their bounds", () => {
  assert.deepEqual(zoomed({ fromS: 0, toS: 100 }, 0.5), { fromS: 25, toS: 75 });
  const least = zoomed({ fromS: 0, toS: 30 }, 0.01);
  assert.equal(least.toS - least.fromS, 30);
  assert.deepEqual(moved({ fromS: 0, toS: 100 }, -0.5), { fromS: -50, toS: 50 });
});

test("a value outside its limits enters no chart", () => {
  const limited = {
    ...device(),
    channels: [{ name: "t", unit: "Cel", type: "f64", minimum: -55, maximum: 60 }],
  };
  const shown = [21.5, -127, 85, -55, 60, true, "ovf", null].map((value) =>
    withinLimits(limited, "t", value),
  );
  assert.deepEqual(shown, [21.5, null, null, -55, 60, true, "ovf", null]);
  assert.equal(withinLimits(limited, "other", -127), -127);
  assert.equal(withinLimits(undefined, "t", -127), -127);
});

test("live readings are added to the windows that were fetched", () => {
  const track = new Track(10);
  track.setWindow(100, { count: 3, mean: 2, min: 1, max: 3 });
  track.add(105_000, 6);
  assert.deepEqual(track.buckets.get(100), { count: 4, mean: 3, min: 1, max: 6 });
  track.add(110_000, true);
  assert.deepEqual(track.buckets.get(110), { count: 1, mean: 1, min: 1, max: 1 });
});

test("missing values and empty windows are gaps", () => {
  const track = new Track(10);
  track.setWindow(100, { count: 1, mean: 5, min: 5, max: 5 });
  track.setWindow(110, { count: 0, mean: null, min: null, max: null });
  track.setWindow(130, { count: 2, mean: 0.5, min: false, max: true });
  track.add(120_000, null);
  track.add(120_000, "text");
  const times = timesOf({ fromS: 101, toS: 139 }, 10);
  assert.deepEqual(times, [100, 110, 120, 130]);
  assert.deepEqual(track.columns(times).mean, [5, null, null, 0.5]);
  assert.deepEqual(track.columns(times).max, [5, null, null, 1]);
});

test("a span is summed up by the number of readings", () => {
  const track = new Track(10);
  track.setWindow(0, { count: 3, mean: 1, min: 0, max: 2 });
  track.setWindow(10, { count: 1, mean: 5, min: 5, max: 5 });
  assert.deepEqual(track.summary({ fromS: 0, toS: 20 }), { count: 4, mean: 2, min: 0, max: 5, last: 5 });
  assert.equal(track.summary({ fromS: 100, toS: 120 }), null);
  track.forgetBefore(10);
  assert.deepEqual([...track.buckets.keys()], [10]);
});

test("a table has a row for each window with a value", () => {
  const track = new Track(10);
  track.setWindow(10, { count: 1, mean: 1.5, min: 1, max: 2 });
  const times = [0, 10];
  const rows = chartRows(times, [{ name: "a.b", columns: track.columns(times) }]);
  assert.deepEqual(rows, [
    ["time", "a.b_mean", "a.b_min", "a.b_max"],
    ["1970-01-01T00:00:10.000Z", 1.5, 1, 2],
  ]);
  assert.equal(toCsv([["a,b", 'say "x"', null, 0]]), '"a,b","say ""x""",,0\r\n');
});

test("channels are named in the address", () => {
  const text = "pi.local.temperature,workshop.noise,nonsense";
  assert.deepEqual(parseChoices(text), [
    { device: "pi.local", channel: "temperature" },
    { device: "workshop", channel: "noise" },
  ]);
  assert.equal(choiceName({ device: "pi.local", channel: "temperature" }), "pi.local.temperature");
  assert.deepEqual(parseChoices(null), []);
  assert.equal(parseChoices(Array(20).fill("a.b").join(",")).length, CHOICES_MAX);
});

test("who has chosen nothing gets the first channels, each unit its own chart", () => {
  const channels = ["a", "b", "c"].map((name) => ({ name, unit: null, type: "u8" }));
  const chosen = firstChoices([device(), device({ id: "two", channels })]);
  assert.deepEqual(chosen.map(choiceName), ["two.a", "two.b"]);
  assert.deepEqual(firstChoices([]), []);
  assert.deepEqual([...byUnit([{ unit: "V" }, { unit: "A" }, { unit: "V" }]).keys()], ["V", "A"]);
});

test("a small line has its gaps", () => {
  assert.equal(trendPath([1], 10, 10), "");
  assert.equal(trendPath([0, 1, null, 1, 0], 40, 10), "M0.0 10.0L10.0 0.0M30.0 0.0L40.0 10.0");
  assert.equal(trendPath([5, 5], 10, 10), "M0.0 5.0L10.0 5.0");
  const trend = new Trend(2);
  for (const value of [1, 2, 3]) trend.add(value);
  assert.deepEqual(trend.values, [2, 3]);
  const filled = new Trend(4);
  filled.add(9);
  filled.addPast([1, null, 2, 3]);
  assert.deepEqual(filled.values, [null, 2, 3, 9]);
});
