import { expect, test } from "vitest";
import { readServerFrame } from "./server-frame.ts";

test("reads messages in order and skips types that it does not know", () => {
  const stop = { type: "stop", runs: [{ runId: "r", token: 1, outcome: "canceled" }] };
  const ack = { type: "ack", results: ["r"], output: [] };

  const frame = readServerFrame(JSON.stringify([stop, { type: "fromTheFuture" }, ack]));

  expect(frame).toEqual({ ok: true, messages: [stop, ack] });
});

test.each([
  ["nonsense", "not JSON"],
  ["{}", "not a list of messages"],
  ['[{"type":"stop","runs":[{"runId":"r","token":1,"outcome":"explode"}]}]', 'malformed "stop"'],
  ['[{"type":"ack","results":[7],"output":[]}]', 'malformed "ack"'],
  ['[{"type":"assign","runs":[{"runId":"r","token":1}]}]', 'malformed "assign"'],
])("refuses %s", (text, reason) => {
  const frame = readServerFrame(text);

  expect(frame).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
});

test("refuses a run id that could leave the directory of runs", () => {
  const runs = [{ runId: "../../etc", token: 1, outcome: "canceled" }];

  expect(readServerFrame(JSON.stringify([{ type: "stop", runs }])).ok).toBe(false);
});
