import { describe, expect, test } from "vitest";
import { decideGroup, type GroupSnapshot } from "./decide-group.ts";
import { explainGroup, type GroupWait } from "./explain-group.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";
import { noRuns, type RunCounts } from "./run-counts.ts";

interface Situation {
  readonly spec?: Partial<GroupSpec>;
  readonly group?: Partial<Omit<GroupSnapshot, "counts">>;
  readonly counts?: Partial<RunCounts>;
  readonly online?: number;
  readonly isPaused?: boolean;
}

function explain({ spec, group, counts, online = 0, isPaused = false }: Situation) {
  const snapshot: GroupSnapshot = {
    status: "running",
    nodeCount: 10,
    cursor: 0,
    batchEnd: 0,
    halt: null,
    deadlineAt: null,
    soakUntil: null,
    hasHeld: false,
    ...group,
    counts: { ...noRuns, ...counts },
  };
  const rules = resolveGroupRules(
    { distributionMethod: "batching", successCriteria: [], timeoutSeconds: 0, ...spec },
    snapshot.nodeCount,
  );
  const context = { now: 1000, onlineCount: online, isPaused };
  return { waits: explainGroup(rules, snapshot, context), rules, snapshot, context };
}

const threeAtATime = { batchSize: { type: "number", value: 3 } } as const;

test("says that the runs of a batch keep back the next one", () => {
  const group = { cursor: 6, batchEnd: 6 };

  const { waits } = explain({ spec: threeAtATime, group, counts: { success: 4, inFlight: 2 } });

  expect(waits).toEqual([{ kind: "barrier", batchNumber: 2, batchCount: 4, openCount: 2 }]);
});

test("counts the last, shorter batch as one", () => {
  const group = { cursor: 9, batchEnd: 9 };

  const { waits } = explain({ spec: threeAtATime, group, counts: { success: 8, inFlight: 1 } });

  expect(waits).toEqual([{ kind: "barrier", batchNumber: 3, batchCount: 4, openCount: 1 }]);
});

test("says after which batch of a ramp it soaks, and until when", () => {
  const spec = { batchSize: { type: "ramp", value: [1, 4] }, soakSeconds: 60 } as const;
  const group = { cursor: 5, batchEnd: 5, soakUntil: 30_000 };

  const { waits } = explain({ spec, group, counts: { success: 5 } });

  expect(waits).toEqual([{ kind: "soak", batchNumber: 2, batchCount: 4, soakUntil: 30_000 }]);
});

test("says that a rolling window is full", () => {
  const spec = { ...threeAtATime, distributionMethod: "rolling" } as const;

  const { waits } = explain({ spec, group: { cursor: 3 }, counts: { inFlight: 3 } });

  expect(waits).toEqual([{ kind: "window", openCount: 3, windowSize: 3 }]);
});

test("says how many nodes a quorum lacks, and until when", () => {
  const spec = { minReady: { type: "percent", value: 50 } } as const;
  const group = { status: "waiting", deadlineAt: 5000 } as const;

  const { waits } = explain({ spec, group, online: 3 });

  expect(waits).toEqual([{ kind: "quorum", onlineCount: 3, requiredCount: 5, deadlineAt: 5000 }]);
});

test("says what would be in the way behind a pause", () => {
  const group = { cursor: 3, batchEnd: 3 };

  const { waits } = explain({
    spec: threeAtATime,
    group,
    counts: { inFlight: 1, success: 2 },
    isPaused: true,
  });

  expect(waits.map(({ kind }) => kind)).toEqual(["paused", "barrier"]);
});

test("says that a halted group waits for what is in flight", () => {
  const counts = { inFlight: 2, skipped: 8 };

  const { waits } = explain({ group: { halt: "criteria", cursor: 10, batchEnd: 10 }, counts });

  expect(waits).toEqual([{ kind: "stopping", halt: "criteria", openCount: 2 }]);
});

test("has nothing to say about a group that has ended, or starts now", () => {
  expect(explain({ group: { status: "success" } }).waits).toEqual([]);
  expect(explain({ group: { status: "pending" } }).waits).toEqual([]);
});

describe("the event that is named releases the group", () => {
  const cases: readonly { readonly name: string; readonly situation: Situation }[] = [
    {
      name: "barrier",
      situation: { spec: threeAtATime, group: { cursor: 3, batchEnd: 3 }, counts: { inFlight: 3 } },
    },
    {
      name: "window",
      situation: {
        spec: { ...threeAtATime, distributionMethod: "rolling" },
        group: { cursor: 3 },
        counts: { inFlight: 3 },
      },
    },
    {
      name: "quorum",
      situation: {
        spec: { minReady: { type: "number", value: 4 } },
        group: { status: "waiting" },
        online: 1,
      },
    },
    {
      name: "soak",
      situation: {
        spec: { ...threeAtATime, soakSeconds: 60 },
        group: { cursor: 3, batchEnd: 3, soakUntil: 30_000 },
        counts: { success: 3 },
      },
    },
    { name: "paused", situation: { group: { status: "pending" }, isPaused: true } },
    { name: "last-runs", situation: { group: { cursor: 10 }, counts: { inFlight: 10 } } },
    {
      name: "stopping",
      situation: { group: { halt: "timeout", cursor: 10 }, counts: { inFlight: 10 } },
    },
  ];

  test.each(cases)("$name", ({ name, situation }) => {
    const { waits, rules, snapshot, context } = explain(situation);
    expect(waits.map(({ kind }) => kind)).toEqual([name]);

    const released = waits.reduce(release, { snapshot, context });

    expect(decideGroup(rules, released.snapshot, released.context).kind).not.toBe("rest");
  });
});

type World = Pick<ReturnType<typeof explain>, "snapshot" | "context">;

/** What the wait waits for happens. */
function release({ snapshot, context }: World, wait: GroupWait): World {
  switch (wait.kind) {
    case "paused":
      return { snapshot, context: { ...context, isPaused: false } };
    case "quorum":
      return { snapshot, context: { ...context, onlineCount: wait.requiredCount } };
    case "soak":
      return { snapshot, context: { ...context, now: wait.soakUntil } };
    case "barrier":
    case "window":
    case "budget":
    case "last-runs":
    case "stopping": {
      const { counts } = snapshot;
      const success = counts.success + counts.inFlight;
      return { snapshot: { ...snapshot, counts: { ...counts, inFlight: 0, success } }, context };
    }
  }
}
