import { expect, test } from "vitest";
import { resolveGroupRules, type GroupSpec } from "../rollout/group-rules.ts";
import { describeSimulation, percent } from "./describe-simulation.ts";
import { playRounds, summariseRounds, type Assumptions } from "./simulate-rollout.ts";

const calm: Assumptions = {
  ...{ failureRate: 0, timeoutRate: 0, unreachableRate: 0, stepLimitMs: null, offline: [] },
  latency: { at: () => 5000 },
};

function describe(
  nodeCount: number,
  spec: Partial<GroupSpec>,
  assumptions: Partial<Assumptions> = {},
): readonly string[] {
  const everything: GroupSpec = {
    ...{ distributionMethod: "batching", successCriteria: [], timeoutSeconds: 0 },
    ...spec,
  };
  const groups = [{ nodeCount, rules: resolveGroupRules(everything, nodeCount) }];
  const order = {
    target: { executionType: "sequential" as const, groups },
    assumptions: { ...calm, ...assumptions },
    ...{ rounds: 10, seed: "words" },
  };
  return describeSimulation(summariseRounds(order, [...playRounds(order)]));
}

const ten = { batchSize: { type: "number", value: 10 } } as const;

test("says how far a broken change gets, and how many fail at most", () => {
  expect(describe(100, { ...ten, earlyTermination: true })).toEqual([
    "a change that breaks every node reaches 10 of 100 nodes before the rollout halts",
    "at most 10 of 100 runs fail, whatever happens",
  ]);
  expect(describe(100, ten)).toEqual([
    "a change that breaks every node reaches all 100 nodes: nothing halts the rollout before",
    "in the worst case all 100 runs fail",
  ]);
  expect(describe(0, {})).toEqual(["there are no nodes to roll out to"]);
});

test("says when the time is too short, and when the rollout never ends", () => {
  expect(describe(100, { ...ten, timeoutSeconds: 12 }).at(-1)).toBe(
    "group 0 runs out of time before all its nodes have started in 100 % of the rounds (timeoutSeconds)",
  );
  expect(describe(100, ten, { offline: [new Set([3])] }).at(-1)).toMatch(
    /^in 100 % of the rounds the rollout waits for ever for a node that is offline or hangs/,
  );
});

test.each([
  [0, "0 %"],
  [1, "100 %"],
  [0.0049, "0.5 %"],
  [0.123456, "12.3 %"],
])("the fraction %d is %s", (fraction, text) => {
  expect(percent(fraction)).toBe(text);
});
