import { expect, test } from "vitest";
import { describeGroup, describeAbsent } from "./describe-group.ts";
import { resolveGroupRules, type GroupRules, type GroupSpec } from "./group-rules.ts";
import { listBatches } from "./list-batches.ts";

function rules(spec: Partial<GroupSpec>, nodeCount: number): GroupRules {
  const everything: GroupSpec = {
    distributionMethod: "batching",
    successCriteria: [],
    timeoutSeconds: 0,
    ...spec,
  };
  return resolveGroupRules(everything, nodeCount);
}

const ten = { batchSize: { type: "number", value: 10 } } as const;

test.each([
  [
    "batches, the last one shorter",
    ten,
    25,
    "runs in 3 batches of 10, the last one of 5: the next one starts when all of one have ended",
  ],
  [
    "a ramp that soaks",
    { batchSize: { type: "ramp", value: [1, 5, "10%", "50%"] }, soakSeconds: 300 },
    100,
    "runs in 5 batches of 1, 5, 10, 50, 34: the next one starts when all of one have ended and 300 s have passed (soakSeconds)",
  ],
  [
    "a ramp of many batches",
    { batchSize: { type: "ramp", value: [1, 2] } },
    25,
    "runs in 13 batches of 1, 2, 2, 2, 2, 2, 2, 2, …: the next one starts when all of one have ended",
  ],
  ["all at once", {}, 25, "runs on all 25 nodes at once"],
  ["one node", ten, 1, "runs on its only node"],
  [
    "a window",
    { ...ten, distributionMethod: "rolling" },
    25,
    "keeps 10 of 25 running: as one ends, the next one starts",
  ],
] as const)("says how runs are started: %s", (...[, spec, nodeCount, sentence]) => {
  expect(describeGroup(rules(spec, nodeCount), nodeCount)[0]).toBe(sentence);
});

test("says what a quorum and a limit of time do", () => {
  const spec = { minReady: { type: "percent", value: 80 }, timeoutSeconds: 60 } as const;

  const sentences = describeGroup(rules(spec, 25), 25);

  expect(sentences).toContain(
    "waits until 20 of 25 are online (minReady), for 60 s at most, then fails",
  );
  expect(sentences.at(-1)).toBe(
    "has 60 s from its first start on: what still runs then is stopped, what has not started is skipped",
  );
  expect(describeGroup(rules({ minReady: { type: "number", value: 5 } }, 3), 3)).toContain(
    "fails at once: 5 must be online, and it has 3",
  );
});

test.each([
  [
    {},
    "2 nodes are offline: the group waits for them without a limit (offlinePolicy: wait)",
    "1 node is offline: the group waits for it without a limit (offlinePolicy: wait)",
  ],
  [
    { timeoutSeconds: 60 },
    "2 nodes are offline: the group waits for them until its 60 s are over (offlinePolicy: wait)",
    "1 node is offline: the group waits for it until its 60 s are over (offlinePolicy: wait)",
  ],
  [
    { offlinePolicy: "fail" },
    "2 nodes are offline: their runs would end undeliverable, which counts as failed (offlinePolicy: fail)",
    "1 node is offline: its run would end undeliverable, which counts as failed (offlinePolicy: fail)",
  ],
  [
    { offlinePolicy: "skip" },
    "2 nodes are offline: their runs would be skipped (offlinePolicy: skip)",
    "1 node is offline: its run would be skipped (offlinePolicy: skip)",
  ],
] as const)("says what nodes that are offline mean: %o", (spec, two, one) => {
  const describe = (offlineCount: number): readonly string[] =>
    describeAbsent(rules(spec, 9), { offlineCount, unapprovedCount: 0 });
  expect([2, 1, 0].map(describe)).toEqual([[two], [one], []]);
});

test("says of nodes that wait for approval how they get it, apart from those that are offline", () => {
  const approval = "(courier-cli management node approve-node): the group waits for";
  const describe = (unapprovedCount: number): readonly string[] =>
    describeAbsent(rules({}, 9), { offlineCount: 1, unapprovedCount });

  expect(describe(1)).toEqual([
    "1 node is offline: the group waits for it without a limit (offlinePolicy: wait)",
    `1 node waits for approval ${approval} it without a limit (offlinePolicy: wait)`,
  ]);
  expect(describe(2)[1]).toBe(
    `2 nodes wait for approval ${approval} them without a limit (offlinePolicy: wait)`,
  );
});

test("lists batches also when the criteria cannot be met and the quorum is not there", () => {
  const spec: Partial<GroupSpec> = {
    ...ten,
    earlyTermination: true,
    successCriteria: [{ status: "success", numRuns: { type: "number", value: 99 } }],
    minReady: { type: "number", value: 99 },
  };

  expect(listBatches(rules(spec, 25), 25)).toEqual([
    { from: 0, count: 10 },
    { from: 10, count: 10 },
    { from: 20, count: 5 },
  ]);
  expect(listBatches(rules({ ...ten, distributionMethod: "rolling" }, 25), 25)).toEqual([
    { from: 0, count: 25 },
  ]);
  expect(listBatches(rules(ten, 0), 0)).toEqual([]);
});
