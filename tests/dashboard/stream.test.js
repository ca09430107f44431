import assert from "node:assert/strict";
import test from "node:test";

import { resumesFrom, waitMs } from "../../api/dashboard/logic/reconnect.js";
import { StreamParser } from "../../api/dashboard/logic/stream-parser.js";

const STREAM =
  'retry: 2000\nid: a.1\n\nid: a.2\nevent: reading\ndata: {"x":1}\n\n: heartbeat\n\ndata: one\ndata: two\n\n';
const EVENTS = [
  { id: "a.2", type: "reading", data: '{"x":1}' },
  { id: "a.2", type: "message", data: "one\ntwo" },
];

test("events are read however the text is cut", () => {
  for (let size = 1; size <= STREAM.length; size += 1) {
    const parser = new StreamParser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...parser.push(STREAM.slice(at, at + size)));
    assert.deepEqual(events, EVENTS, `pieces of ${size}`);
    assert.deepEqual([parser.retryMs, parser.lastEventId], [2000, "a.2"]);
  }
});

test("lines may end with CR LF", () => {
  assert.deepEqual(new StreamParser().push("event: x\r\ndata: y\r\n\r\n"), [
    { id: "", type: "x", data: "y" },
  ]);
});

test("what was cut off is not put together with the next connection's", () => {
  const parser = new StreamParser();
  parser.push("id: 1\ndata: whole\n\nid: 2\nevent: reading\ndata: ha");
  assert.equal(parser.lastEventId, "1");
  parser.restart();
  assert.deepEqual(parser.push("data: new\n\n"), [{ id: "1", type: "message", data: "new" }]);
});

test("waits grow, are bounded and are spread", () => {
  assert.equal(waitMs(0, 2000, 1), 2000);
  assert.equal(waitMs(0, 2000, 0), 1000);
  assert.equal(waitMs(1, 2000, 1), 4000);
  assert.equal(waitMs(99, 2000, 1), 15_000);
});

test("after a long outage the page begins anew", () => {
  assert.equal(resumesFrom("a.2", 60_000), "a.2");
  assert.equal(resumesFrom("a.2", 3_600_000), "");
});
