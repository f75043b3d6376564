import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeCriteria, type Criterion } from "./criteria.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";
import { describeThresholds } from "./group-thresholds.ts";
import { noRuns } from "./run-counts.ts";

const success = (type: "number" | "percent", value: number): Criterion => ({
  status: "success",
  numRuns: { type, value },
});
const failure = (type: "number" | "percent", value: number): Criterion => ({
  status: "failure",
  numRuns: { type, value },
});

function thresholds(
  successCriteria: readonly Criterion[],
  nodeCount: number,
  more: Partial<GroupSpec> = {},
) {
  const spec: GroupSpec = {
    distributionMethod: "batching",
    successCriteria,
    timeoutSeconds: 0,
    ...more,
  };
  return describeThresholds(resolveGroupRules(spec, nodeCount), nodeCount);
}

const goesOn = "executes the rest all the same once it has failed (earlyTermination is off)";
const likeFailed = "; one that is skipped counts like one that fails";

describe("the words for thresholds", () => {
  test.each([
    [
      "at most 10 % of 25 fail",
      [failure("percent", 10)],
      25,
      ["succeeds when at most 2 fail", "fails when the 3rd of 25 fails", goesOn],
    ],
    [
      "20 of 25 succeed",
      [success("number", 20)],
      25,
      ["succeeds when 20 of 25 succeed", `fails when the 6th of 25 fails${likeFailed}`, goesOn],
    ],
    [
      "no criteria",
      [],
      12,
      ["succeeds when all 12 succeed", `fails when the 1st of 12 fails${likeFailed}`, goesOn],
    ],
    [
      "both kinds, failures first",
      [success("percent", 50), failure("number", 10)],
      100,
      [
        "succeeds when 50 of 100 succeed and at most 10 fail",
        "fails when the 11th of 100 fails",
        goesOn,
      ],
    ],
    [
      "both kinds, successes first",
      [success("percent", 90), failure("number", 30)],
      100,
      ["succeeds when 90 of 100 succeed", `fails when the 11th of 100 fails${likeFailed}`, goesOn],
    ],
    [
      "nobody may fail",
      [failure("number", 0)],
      23,
      ["succeeds when none fails", "fails when the 1st of 23 fails", goesOn],
    ],
    [
      "more than there are",
      [success("number", 30)],
      25,
      [
        "can never succeed: 30 must succeed, and it has 25",
        "executes all its runs all the same (earlyTermination is off), and fails",
      ],
    ],
    [
      "anything goes",
      [failure("percent", 100)],
      25,
      ["succeeds whatever its runs do", "cannot fail by its criteria"],
    ],
    [
      "one node",
      [],
      1,
      ["succeeds when its only run succeeds", `fails when its only run fails${likeFailed}`],
    ],
    ["no nodes", [], 0, ["fails at once: it has no nodes (onEmpty: fail)"]],
  ] as const)("%s", (...[, criteria, nodeCount, sentences]) => {
    expect(thresholds(criteria, nodeCount).sentences).toEqual(sentences);
  });

  test("say what earlyTermination does", () => {
    const group = thresholds([failure("number", 2)], 25, { earlyTermination: true });

    expect(group.sentences.at(-1)).toBe(
      "starts nothing more once it has failed (earlyTermination)",
    );
    expect(group.failuresToHalt).toBe(3);
    expect(thresholds([success("number", 3)], 2, { earlyTermination: true }).sentences).toEqual([
      "can never succeed: 3 must succeed, and it has 2",
      "starts nothing (earlyTermination), and fails",
    ]);
  });
});

const anyCriterion: fc.Arbitrary<Criterion> = fc.record({
  status: fc.constantFrom("success", "failure"),
  numRuns: fc.record({
    type: fc.constantFrom("number", "percent"),
    value: fc.integer({ min: 0, max: 60 }),
  }),
});

test("the numbers agree with the verdict, for every number of failures", () => {
  fc.assert(
    fc.property(
      fc.array(anyCriterion, { maxLength: 3 }),
      fc.integer({ min: 1, max: 50 }),
      (criteria, nodeCount) => {
        const { failuresToLose } = thresholds(criteria, nodeCount);

        for (let failed = 0; failed <= nodeCount; failed += 1) {
          const isLost = failuresToLose !== null && failed >= failuresToLose;
          const soFar = { ...noRuns, failure: failed };
          const atEnd = { ...soFar, success: nodeCount - failed };
          expect(judgeCriteria(criteria, soFar, nodeCount).standing === "lost").toBe(isLost);
          expect(judgeCriteria(criteria, atEnd, nodeCount).standing === "met").toBe(!isLost);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("says at which count haltOn halts, for each kind", () => {
  const haltOn = {
    failure: { type: "percent", value: 10 },
    unreachable: { type: "number", value: 60 },
    timeout: { type: "number", value: 1 },
  } as const;

  const { haltsAt, sentences } = thresholds([], 50, { haltOn });

  expect(haltsAt).toEqual({ failure: 5, unreachable: 60, timeout: 1 });
  expect(thresholds([], 50, { haltOn }).failuresToHalt).toBe(5);
  expect(thresholds([], 50, { haltOn, earlyTermination: true }).failuresToHalt).toBe(1);
  const last = { failure: { type: "number", value: 50 } } as const;
  expect(thresholds([], 50, { haltOn: last }).failuresToHalt).toBe(50);
  expect(thresholds([], 49, { haltOn: last }).failuresToHalt).toBeNull();
  expect(sentences.join()).not.toContain("executes the rest");
  expect(sentences.slice(-3)).toEqual([
    "halts and fails when the 5th of 50 fails (haltOn.failure)",
    "never halts by haltOn.unreachable: it has fewer than 60",
    "halts and fails when the 1st of 50 times out (haltOn.timeout)",
  ]);
});
