import assert from "node:assert/strict";
import test from "node:test";

import { fieldsOf, limitsText, readField, readFields } from "../../api/dashboard/logic/arguments.js";
import { isDangerous } from "../../api/dashboard/logic/danger.js";
import { command } from "./samples.js";

const SPEED = { type: "integer", minimum: 0, maximum: 255, unit: "rpm" };

/** @param {Record<string, unknown>} schema @returns {any} */
function field(schema) {
  return fieldsOf(command("fan", { one: schema }))[0];
}

test("fields are made from the board's own schema", () => {
  const [speed, open, mode] = fieldsOf(
    command("fan", { speed: SPEED, open: { type: "boolean" }, mode: { enum: ["low", 2] } }),
  );
  assert.deepEqual([speed?.kind, speed?.minimum, speed?.maximum, speed?.required], ["integer", 0, 255, true]);
  assert.equal(open?.kind, "boolean");
  assert.deepEqual([mode?.kind, mode?.choices], ["choice", ["low", 2]]);
  assert.deepEqual(fieldsOf({ name: "beep", arguments: {} }), []);
});

test("limits are said in words", () => {
  assert.equal(limitsText(field(SPEED)), "whole number from 0 to 255 rpm");
  assert.equal(limitsText(field({ type: "number", minimum: -3.4e38, maximum: 3.4e38 })), "number");
  assert.equal(limitsText(field({ type: "boolean" })), "");
});

for (const [text, expected] of /** @type {[string, object][]} */ ([
  ["128", { value: 128 }],
  [" 7 ", { value: 7 }],
  ["", { problem: "is missing" }],
  ["x", { problem: "must be a number" }],
  ["1.5", { problem: "must be a whole number" }],
  ["256", { problem: "must be from 0 to 255" }],
  ["-1", { problem: "must be from 0 to 255" }],
  ["Infinity", { problem: "must be a number" }],
])) {
  test(`a whole number written as ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readField(field(SPEED), text), expected);
  });
}

test("a decimal comma is understood", () => {
  assert.deepEqual(readField(field({ type: "number", minimum: 0, maximum: 9 }), "1,5"), { value: 1.5 });
});

test("choices, truth and text", () => {
  assert.deepEqual(readField(field({ enum: ["low", 2] }), "2"), { value: 2 });
  assert.ok("problem" in readField(field({ enum: ["low", 2] }), "high"));
  assert.deepEqual(readField(field({ type: "boolean" }), "false"), { value: false });
  assert.deepEqual(readField(field({ type: "string" }), "hello"), { value: "hello" });
});

test("an optional field left empty is left out", () => {
  const fields = fieldsOf({ name: "x", arguments: { properties: { a: { type: "integer" } } } });
  assert.deepEqual(readFields(fields, { a: "" }), { values: {}, problems: {} });
});

test("all problems are told at once", () => {
  const fields = fieldsOf(command("x", { a: SPEED, b: SPEED, c: SPEED }));
  const { values, problems } = readFields(fields, { a: "1", b: "999" });
  assert.deepEqual(values, { a: 1 });
  assert.deepEqual(Object.keys(problems), ["b", "c"]);
});

test("dangerous is what is marked so, and else what its name says", () => {
  for (const name of ["reset_counter", "restart", "factory_defaults", "erase-log"]) {
    assert.equal(isDangerous(command(name)), true, name);
  }
  for (const name of ["fan", "preset", "resetting"]) assert.equal(isDangerous(command(name)), false, name);
  assert.equal(isDangerous(command("fan", {}, { dangerous: true })), true);
  assert.equal(isDangerous(command("reset", {}, { dangerous: false })), false);
  assert.equal(isDangerous({ name: "fan", arguments: { "x-dangerous": true } }), true);
});
