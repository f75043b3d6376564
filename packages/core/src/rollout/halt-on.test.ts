import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAmount } from "./amount.ts";
import { decideGroup } from "./decide-group.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";
import { findHalt, haltsAt, type HaltKind } from "./halt-on.ts";
import { noRuns, type RunCounts } from "./run-counts.ts";

describe("haltOn", () => {
  // The table of core's README.
  test.each([
    { nodes: 50, limit: 1, at: 1 },
    { nodes: 50, limit: 5, at: 5 },
    { nodes: 50, limit: "10%", at: 5 },
    { nodes: 25, limit: "10%", at: 3 },
    { nodes: 100, limit: "10%", at: 10 },
    { nodes: 3, limit: "10%", at: 1 },
    { nodes: 3, limit: "0%", at: 1 },
    { nodes: 10, limit: "100%", at: 10 },
    { nodes: 1000, limit: "0.5%", at: 5 },
    { nodes: 3, limit: 5, at: 5 },
  ])("of $limit halts $nodes nodes at number $at", ({ nodes, limit, at }) => {
    const haltOn = { failure: readAmount(limit) };

    expect(haltsAt(haltOn.failure, nodes)).toBe(at);
    expect(findHalt(haltOn, { ...noRuns, failure: at - 1 }, nodes)).toBeUndefined();
    expect(findHalt(haltOn, { ...noRuns, failure: at }, nodes)).toContain(`halts at ${at}`);
  });

  test("halts as soon as so many percent of the group's nodes are counted, and not before", () => {
    const anyCase = fc.record({
      value: fc.integer({ min: 1, max: 100 }),
      nodes: fc.integer({ min: 1, max: 10_000 }),
    });
    fc.assert(
      fc.property(anyCase, ({ value, nodes }) => {
        const at = haltsAt({ type: "percent", value }, nodes);

        expect(at * 100).toBeGreaterThanOrEqual(nodes * value);
        expect((at - 1) * 100).toBeLessThan(nodes * value);
      }),
    );
  });

  test.each([
    { kind: "failure", counts: { failure: 2 } },
    { kind: "timeout", counts: { timeout: 2 } },
    { kind: "unreachable", counts: { undeliverable: 2 } },
    { kind: "unreachable", counts: { unknown: 2 } },
    { kind: "unreachable", counts: { unknown: 1, undeliverable: 1 } },
  ] as const)("counts $counts as $kind and as nothing else", ({ kind, counts }) => {
    const two = { type: "number", value: 2 } as const;
    const reached = (["failure", "unreachable", "timeout"] as const).filter(
      (each: HaltKind) => findHalt({ [each]: two }, { ...noRuns, ...counts }, 10) !== undefined,
    );

    expect(reached).toEqual([kind]);
  });

  test("counts neither what people cancelled nor what was skipped", () => {
    const one = { type: "number", value: 1 } as const;
    const haltOn = { failure: one, unreachable: one, timeout: one };

    expect(findHalt(haltOn, { ...noRuns, canceled: 4, skipped: 4, success: 2 }, 10)).toBe(
      undefined,
    );
  });

  test("says what was counted, out of how many, and where it halts", () => {
    expect(findHalt({ failure: readAmount("10%") }, { ...noRuns, failure: 6 }, 50)).toBe(
      "haltOn.failure: 6 of 50 nodes failed, the group halts at 5 (10 % of 50 nodes)",
    );
    expect(findHalt({ unreachable: readAmount(2) }, { ...noRuns, unknown: 2 }, 50)).toBe(
      "haltOn.unreachable: 2 of 50 nodes unreachable, the group halts at 2",
    );
  });
});

/** What a group of 10 nodes, one at a time, decides. */
function decide(
  spec: Partial<GroupSpec>,
  counts: Partial<RunCounts>,
  group: { halt?: "haltOn"; deadlineAt?: number } = {},
): unknown {
  const rules = resolveGroupRules(
    {
      distributionMethod: "batching",
      batchSize: { type: "number", value: 1 },
      successCriteria: [{ status: "success", numRuns: { type: "percent", value: 50 } }],
      timeoutSeconds: 0,
      haltOn: { failure: { type: "number", value: 2 } },
      ...spec,
    },
    10,
  );
  const snapshot = {
    status: "running" as const,
    nodeCount: 10,
    counts: { ...noRuns, ...counts },
    cursor: 9,
    batchEnd: 9,
    halt: group.halt ?? null,
    deadlineAt: group.deadlineAt ?? null,
    soakUntil: null,
    hasHeld: false,
  };
  return decideGroup(rules, snapshot, { now: 1000, onlineCount: 0 });
}

describe("the order of what ends a group", () => {
  test("haltOn comes before earlyTermination", () => {
    const decision = decide({ earlyTermination: true }, { failure: 6, success: 3 });

    expect(decision).toMatchObject({ kind: "halt", cause: "haltOn" });
  });

  test("the group's time comes before haltOn", () => {
    const decision = decide({}, { failure: 2, success: 7 }, { deadlineAt: 1000 });

    expect(decision).toMatchObject({ kind: "halt", cause: "timeout" });
  });

  test("earlyTermination works where haltOn is not reached", () => {
    const decision = decide({ earlyTermination: true }, { canceled: 6, success: 3 });

    expect(decision).toMatchObject({ kind: "halt", cause: "criteria" });
  });

  test("a halted group fails although its criteria are met", () => {
    const decision = decide({}, { failure: 2, success: 7, skipped: 1 }, { halt: "haltOn" });

    expect(decision).toMatchObject({ kind: "finish", status: "failure" });
  });

  test("a group fails also when its very last run reaches haltOn", () => {
    expect(decide({}, { failure: 2, success: 8 })).toEqual({
      kind: "finish",
      status: "failure",
      reason: "haltOn.failure: 2 of 10 nodes failed, the group halts at 2",
    });
  });

  test("what is in flight when a group halts still has to keep to its time", () => {
    const decision = decide(
      {},
      { failure: 2, success: 6, skipped: 1, inFlight: 1 },
      { halt: "haltOn", deadlineAt: 1000 },
    );

    expect(decision).toMatchObject({ kind: "halt", cause: "timeout" });
  });
});
