import { describe, expect, test } from "vitest";
import { transitionPause } from "./instance-pause.ts";

describe.each(["pending", "running"] as const)("an instance that is %s", (status) => {
  test.each([
    ["pause", null, 50],
    ["pause", 10, 10],
    ["resume", null, null],
    ["resume", 10, null],
  ] as const)("%s with pausedAt %s gives %s", (event, pausedAt, after) => {
    expect(transitionPause({ status, pausedAt }, event, 50)).toEqual({ ok: true, pausedAt: after });
  });
});

test.each([
  ["cancelling", "cancelling"],
  ["success", "ended"],
  ["failure", "ended"],
  ["canceled", "ended"],
] as const)("an instance that is %s refuses both: %s", (status, reason) => {
  for (const event of ["pause", "resume"] as const) {
    for (const pausedAt of [null, 10]) {
      expect(transitionPause({ status, pausedAt }, event, 50)).toEqual({ ok: false, reason });
    }
  }
});
