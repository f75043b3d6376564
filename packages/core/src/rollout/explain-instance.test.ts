import fc from "fast-check";
import { expect, test } from "vitest";
import { isGroupFinal, type GroupStatus } from "../state/group-state.ts";
import { decideGroup, type GroupSnapshot, type HaltCause } from "./decide-group.ts";
import { planInstance } from "./decide-instance.ts";
import {
  explainInstance,
  type ExplainableGroup,
  type ExplainableInstance,
} from "./explain-instance.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";
import { endedCount, pendingCount, type RunCounts } from "./run-counts.ts";

const now = 100_000;

const anyAmount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ type: fc.constant("percent" as const), value: fc.integer({ min: 1, max: 100 }) }),
);

const anySpec: fc.Arbitrary<GroupSpec> = fc.record(
  {
    batchSize: anyAmount,
    distributionMethod: fc.constantFrom("batching", "rolling"),
    soakSeconds: fc.constantFrom(0, 60),
    haltOn: fc.record(
      {
        failure: fc.record({ type: fc.constant("number"), value: fc.integer({ min: 1, max: 3 }) }),
      },
      { requiredKeys: [] },
    ),
    successCriteria: fc.array(
      fc.record({ status: fc.constantFrom("success", "failure"), numRuns: anyAmount }),
      { maxLength: 2 },
    ),
    timeoutSeconds: fc.constantFrom(0, 60),
    earlyTermination: fc.boolean(),
    minReady: anyAmount,
    onEmpty: fc.constantFrom("fail", "succeed"),
  },
  { requiredKeys: ["distributionMethod", "successCriteria", "timeoutSeconds"] },
);

const anyStatus = fc.constantFrom<GroupStatus>(
  ...(["pending", "waiting", "running", "running", "running"] as const),
  ...(["success", "failure", "skipped", "canceled"] as const),
);

const anyHalt = fc.constantFrom<HaltCause | null>(
  ...([null, null, null, "criteria", "haltOn", "timeout", "quorum", "cancel", "sequence"] as const),
);

const anyCounts: fc.Arbitrary<RunCounts> = fc.record({
  inFlight: fc.nat(4),
  success: fc.nat(4),
  failure: fc.nat(2),
  timeout: fc.nat(1),
  canceled: fc.nat(1),
  skipped: fc.nat(1),
  undeliverable: fc.nat(1),
  unknown: fc.nat(1),
});

/** Any state that the columns of a group can hold, also ones that no history leads to. */
const anyGroup = fc
  .record({
    spec: anySpec,
    status: anyStatus,
    halt: anyHalt,
    counts: anyCounts,
    pending: fc.nat(12),
    batchEnd: fc.nat(30),
    deadlineAt: fc.constantFrom<number | null>(null, now - 1, now, now + 1),
    hasHeld: fc.boolean(),
    soakUntil: fc.constantFrom<number | null>(null, now - 1, now, now + 1),
    onlineCount: fc.nat(20),
  })
  .map(({ spec, counts, pending, onlineCount, ...rest }): Omit<ExplainableGroup, "groupNumber"> => {
    const begun = endedCount(counts) + counts.inFlight;
    const nodeCount = begun + pending;
    const snapshot: GroupSnapshot = { ...rest, counts, nodeCount, cursor: begun };
    return { rules: resolveGroupRules(spec, nodeCount), snapshot, onlineCount };
  });

const anyGroups = fc
  .array(anyGroup, { minLength: 1, maxLength: 4 })
  .map((groups) => groups.map((group, index) => ({ ...group, groupNumber: index + 1 })));

const anyInstance: fc.Arbitrary<ExplainableInstance> = fc.record({
  status: fc.constantFrom("pending", "running"),
  executionType: fc.constantFrom("sequential", "parallel"),
  isPaused: fc.boolean(),
});

test("nothing is in a group's way exactly when the scheduler would move it", () => {
  fc.assert(
    fc.property(anyInstance, anyGroups, (instance, groups) => {
      const explained = explainInstance(instance, groups, now);

      const plan = planInstance(instance.executionType, groups.map(standing));
      for (const [index, group] of groups.entries()) {
        if (isGroupFinal(group.snapshot.status)) continue;
        const isMoved = wouldMove(group, { plan, isPaused: instance.isPaused });
        expect(explained[index]?.waits.length === 0).toBe(isMoved);
      }
    }),
    { numRuns: 3000 },
  );
});

test("a wait for runs names how many, and there are some", () => {
  fc.assert(
    fc.property(anyInstance, anyGroups, (instance, groups) => {
      for (const { groupNumber, waits } of explainInstance(instance, groups, now)) {
        const { snapshot } = groups[groupNumber - 1] ?? groups[0] ?? fail();
        for (const wait of waits) {
          if (!("openCount" in wait)) continue;
          expect(wait.openCount).toBe(snapshot.counts.inFlight);
          const remaining = pendingCount(snapshot.counts, snapshot.nodeCount);
          expect(wait.openCount + remaining).toBeGreaterThan(0);
        }
      }
    }),
  );
});

test("a group of a sequential target waits for the first one that has not ended", () => {
  const spec: GroupSpec = {
    distributionMethod: "batching",
    successCriteria: [],
    timeoutSeconds: 0,
  };
  const open = { ...sample(spec), onlineCount: 0 };
  const groups = [1, 2, 3].map((groupNumber) => ({ ...open, groupNumber }));
  const instance = { status: "running", executionType: "sequential", isPaused: false } as const;

  const explained = explainInstance(instance, groups, now);

  expect(explained.map(({ waits }) => waits)).toEqual([
    [],
    [{ kind: "earlier-group", groupNumber: 1 }],
    [{ kind: "earlier-group", groupNumber: 1 }],
  ]);
});

function sample(spec: GroupSpec): Pick<ExplainableGroup, "rules" | "snapshot"> {
  const counts: RunCounts = {
    ...{ inFlight: 0, success: 0, failure: 0, timeout: 0 },
    ...{ canceled: 0, skipped: 0, undeliverable: 0, unknown: 0 },
  };
  const snapshot: GroupSnapshot = {
    ...{ status: "pending", nodeCount: 3, counts, cursor: 0, batchEnd: 0 },
    ...{ halt: null, deadlineAt: null, soakUntil: null, hasHeld: false },
  };
  return { rules: resolveGroupRules(spec, 3), snapshot };
}

function standing(group: ExplainableGroup): { groupNumber: number; status: GroupStatus } {
  return { groupNumber: group.groupNumber, status: group.snapshot.status };
}

/** What `advanceInstance` of the scheduler does with a group, in short. */
function wouldMove(
  { groupNumber, rules, snapshot, onlineCount }: ExplainableGroup,
  { plan, isPaused }: { plan: ReturnType<typeof planInstance>; isPaused: boolean },
): boolean {
  if (!plan.active.includes(groupNumber)) return false;
  if (plan.barred.includes(groupNumber) && snapshot.halt === null) return true;
  const context = { now, onlineCount, isPaused, isHeldTried: true };
  return decideGroup(rules, snapshot, context).kind !== "rest";
}

function fail(): never {
  throw new Error("an explained group exists");
}
