import { expect, test } from "vitest";
import { fitGroup } from "./fit-group.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";

const group: GroupSpec = {
  distributionMethod: "batching",
  timeoutSeconds: 60,
  batchSize: { type: "number", value: 25 },
  successCriteria: [
    { status: "success", numRuns: { type: "number", value: 90 } },
    { status: "success", numRuns: { type: "percent", value: 90 } },
    { status: "failure", numRuns: { type: "number", value: 5 } },
  ],
  minReady: { type: "number", value: 50 },
};

test("asks no more of fewer nodes than they can give", () => {
  const fitted = fitGroup(group, 3);

  expect(resolveGroupRules(fitted, 3).minReadyCount).toBe(3);
  expect(fitted.successCriteria).toEqual([
    { status: "success", numRuns: { type: "number", value: 3 } },
    { status: "success", numRuns: { type: "percent", value: 90 } },
    { status: "failure", numRuns: { type: "number", value: 5 } },
  ]);
});

test("leaves rules alone that can be met", () => {
  expect(fitGroup(group, 100)).toEqual(group);
});
