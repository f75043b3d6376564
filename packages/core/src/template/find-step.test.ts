import { expect, test } from "vitest";
import { findStep } from "./find-step.ts";

const steps = ["stop", "wait", "start", "wait"].map((name) => ({ name }));
const known = '1 "stop", 2 "wait", 3 "start", 4 "wait"';

test.each([
  [1, 1],
  [4, 4],
  ["start", 3],
])("finds step %s", (wanted, stepNumber) => {
  expect(findStep(steps, wanted)).toEqual({ ok: true, stepNumber });
});

test.each([
  [0, `there is no step 0; the steps are ${known}`],
  [5, `there is no step 5; the steps are ${known}`],
  ["begin", `there is no step "begin"; the steps are ${known}`],
  ["wait", 'the steps 2, 4 are named "wait"; use a number'],
])("explains why there is no step %s", (wanted, reason) => {
  expect(findStep(steps, wanted)).toEqual({ ok: false, reason });
});
