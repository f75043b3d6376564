import { FakeClock } from "@courier/testkit";
import { expect, test } from "vitest";
import { evidenceHoldMs } from "../limits.ts";
import { ResultHold } from "./result-hold.ts";

function setup(): { hold: ResultHold; clock: FakeClock; over: string[]; waiting: Set<string> } {
  const clock = new FakeClock();
  const over: string[] = [];
  const waiting = new Set(["run"]);
  const hold = new ResultHold({
    clock,
    isHandedIn: (runId) => !waiting.has(runId),
    onOver: (runId) => over.push(runId),
  });
  return { hold, clock, over, waiting };
}

test("lets a result go at once when nothing waits", () => {
  const { hold } = setup();

  expect(hold.mayLeave("other")).toBe(true);
});

test("lets a result go when its artifacts are handed in", () => {
  const { hold, waiting } = setup();
  expect(hold.mayLeave("run")).toBe(false);

  waiting.delete("run");

  expect(hold.mayLeave("run")).toBe(true);
});

test("does not hold a result for longer than its deadline, however often it is asked", async () => {
  const { hold, clock, over } = setup();
  expect(hold.mayLeave("run")).toBe(false);
  await clock.advance(evidenceHoldMs - 1);
  expect(hold.mayLeave("run")).toBe(false);

  await clock.advance(1);

  expect(over).toEqual(["run"]);
  expect(hold.mayLeave("run")).toBe(true);
});

test("lets a result go when the service wants the run ended", () => {
  const { hold, over } = setup();

  hold.release("run");

  expect(over).toEqual(["run"]);
  expect(hold.mayLeave("run")).toBe(true);
});
