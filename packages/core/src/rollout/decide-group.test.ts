import { describe, expect, test } from "vitest";
import { decideGroup, type GroupDecision, type GroupSnapshot } from "./decide-group.ts";
import { resolveGroupRules, type GroupSpec } from "./group-rules.ts";
import { noRuns, type RunCounts } from "./run-counts.ts";

interface Situation {
  readonly spec?: Partial<GroupSpec>;
  readonly group?: Partial<Omit<GroupSnapshot, "counts">>;
  readonly counts?: Partial<RunCounts>;
  readonly now?: number;
  readonly online?: number;
  readonly isPaused?: boolean;
  readonly isHeldTried?: boolean;
}

function decide(situation: Situation): GroupDecision {
  const { spec, group, counts, now = 1000, online = 0 } = situation;
  const { isPaused = false, isHeldTried = false } = situation;
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
  return decideGroup(rules, snapshot, { now, onlineCount: online, isPaused, isHeldTried });
}

const threeAtATime = { batchSize: { type: "number", value: 3 } } as const;

describe("batching", () => {
  test("starts the first batch", () => {
    expect(decide({ spec: threeAtATime, group: { status: "pending" } })).toEqual({
      kind: "start",
      count: 3,
      batchEnd: 3,
    });
  });

  test("waits for the last run of a batch", () => {
    const group = { cursor: 3, batchEnd: 3 };

    expect(decide({ spec: threeAtATime, group, counts: { success: 2, inFlight: 1 } })).toEqual({
      kind: "rest",
      because: "barrier",
    });
  });

  test("starts the next batch when every run of the last one has ended", () => {
    const group = { cursor: 3, batchEnd: 3 };

    expect(decide({ spec: threeAtATime, group, counts: { success: 2, failure: 1 } })).toEqual({
      kind: "start",
      count: 3,
      batchEnd: 6,
    });
  });

  test("makes the last batch shorter", () => {
    const group = { cursor: 9, batchEnd: 9 };

    expect(decide({ spec: threeAtATime, group, counts: { success: 9 } })).toEqual({
      kind: "start",
      count: 1,
      batchEnd: 10,
    });
  });

  test("goes on within a batch that was begun but not filled", () => {
    const group = { cursor: 1, batchEnd: 3 };

    expect(decide({ spec: threeAtATime, group, counts: { inFlight: 1 } })).toEqual({
      kind: "start",
      count: 2,
      batchEnd: 3,
    });
  });
});

describe("rolling", () => {
  const spec = { ...threeAtATime, distributionMethod: "rolling" } as const;

  test("fills the window", () => {
    expect(decide({ spec, counts: { inFlight: 1 }, group: { cursor: 1 } })).toMatchObject({
      kind: "start",
      count: 2,
    });
  });

  test("refills one by one", () => {
    const counts = { inFlight: 2, success: 1 };

    expect(decide({ spec, counts, group: { cursor: 3 } })).toMatchObject({
      kind: "start",
      count: 1,
    });
  });

  test("waits while the window is full", () => {
    expect(decide({ spec, counts: { inFlight: 3 }, group: { cursor: 3 } }).kind).toBe("rest");
  });
});

describe("earlyTermination", () => {
  const spec = {
    ...threeAtATime,
    earlyTermination: true,
    successCriteria: [{ status: "failure", numRuns: { type: "number", value: 1 } }],
  } as const;

  test("lets go on while the criteria can be met", () => {
    const group = { cursor: 3, batchEnd: 3 };

    expect(decide({ spec, group, counts: { success: 2, failure: 1 } }).kind).toBe("start");
  });

  test("halts at the failure that loses the criteria", () => {
    const group = { cursor: 3, batchEnd: 3 };

    expect(decide({ spec, group, counts: { success: 1, failure: 2 } })).toEqual({
      kind: "halt",
      cause: "criteria",
      reason: "earlyTermination: at most 1 of 10 runs may fail, 2 did",
    });
  });

  test("goes on to the end without it", () => {
    const group = { cursor: 3, batchEnd: 3 };
    const patient = { ...spec, earlyTermination: false };

    expect(decide({ spec: patient, group, counts: { failure: 3 } }).kind).toBe("start");
  });
});

describe("the group's time limit", () => {
  const spec = { ...threeAtATime, timeoutSeconds: 60 };

  test("halts at the deadline, not before", () => {
    const group = { cursor: 3, batchEnd: 3, deadlineAt: 5000 };
    const counts = { inFlight: 3 };

    expect(decide({ spec, group, counts, now: 4999 }).kind).toBe("rest");
    expect(decide({ spec, group, counts, now: 5000 })).toMatchObject({
      kind: "halt",
      cause: "timeout",
    });
  });

  test("does not matter any more when every run has ended", () => {
    const group = { cursor: 10, batchEnd: 10, deadlineAt: 5000 };

    expect(decide({ spec, group, counts: { success: 10 }, now: 9999 })).toMatchObject({
      kind: "finish",
      status: "success",
    });
  });
});

describe("the quorum", () => {
  const spec = { minReady: { type: "percent", value: 50 }, timeoutSeconds: 60 } as const;

  test("is awaited at most as long as the group may take", () => {
    expect(decide({ spec, group: { status: "pending" }, online: 4, now: 1000 })).toEqual({
      kind: "await-quorum",
      deadlineAt: 61_000,
    });
  });

  test("is awaited without a limit when the group has none", () => {
    const endless = { ...spec, timeoutSeconds: 0 };

    expect(decide({ spec: endless, group: { status: "pending" }, online: 4 })).toEqual({
      kind: "await-quorum",
      deadlineAt: null,
    });
  });

  test("lets the group start when it is met", () => {
    expect(decide({ spec, group: { status: "waiting" }, online: 5 }).kind).toBe("start");
  });

  test("halts the group when it is not met in time", () => {
    const group = { status: "waiting", deadlineAt: 61_000 } as const;

    expect(decide({ spec, group, online: 4, now: 60_999 }).kind).toBe("rest");
    expect(decide({ spec, group, online: 4, now: 61_000 })).toEqual({
      kind: "halt",
      cause: "quorum",
      reason: "quorum: 4 of the required 5 nodes were online in time",
    });
  });

  test("may be all nodes of the group, but not more", () => {
    const all = { ...spec, minReady: { type: "number", value: 10 } } as const;
    const more = { ...spec, minReady: { type: "number", value: 11 } } as const;
    const group = { status: "pending" } as const;

    expect(decide({ spec: all, group, online: 9 }).kind).toBe("await-quorum");
    expect(decide({ spec: all, group, online: 10 }).kind).toBe("start");
    expect(decide({ spec: more, group, online: 10 })).toEqual({
      kind: "halt",
      cause: "quorum",
      reason: "quorum: 11 nodes must be online, the group has 10",
    });
  });

  test("that is met when the time is up still lets the group start", () => {
    const group = { status: "waiting", deadlineAt: 61_000 } as const;

    expect(decide({ spec, group, online: 5, now: 61_000 }).kind).toBe("start");
  });

  test("is not asked again once the group runs", () => {
    expect(decide({ spec, online: 0 }).kind).toBe("start");
  });

  test("is not awaited for a group whose runs have all been cancelled one by one", () => {
    const group = { status: "waiting" } as const;

    expect(decide({ spec, group, counts: { canceled: 10 } })).toMatchObject({
      kind: "finish",
      status: "failure",
    });
  });
});

describe("the wait after a batch", () => {
  const spec = { ...threeAtATime, soakSeconds: 300 };
  const counts = { success: 3 };

  test("comes after a batch, not before the first one", () => {
    expect(decide({ spec }).kind).toBe("start");
    expect(decide({ spec, counts, group: { cursor: 3, batchEnd: 3 } })).toEqual({
      kind: "soak",
      until: 301_000,
    });
  });

  test("ends at its time, not before", () => {
    const group = { cursor: 3, batchEnd: 3, soakUntil: 5000 };

    expect(decide({ spec, counts, group, now: 4999 })).toEqual({ kind: "rest", because: "soak" });
    expect(decide({ spec, counts, group, now: 5000 }).kind).toBe("start");
  });
});

describe("runs that a budget holds", () => {
  const group = { cursor: 3, batchEnd: 3, hasHeld: true };

  test("are tried again before the next batch, which waits for them", () => {
    const counts = { success: 2 };

    expect(decide({ spec: threeAtATime, counts, group })).toEqual({
      kind: "start",
      count: 8,
      batchEnd: 3,
    });
    const tried = { spec: threeAtATime, counts, group, isHeldTried: true };
    expect(decide(tried)).toEqual({ kind: "rest", because: "budget" });
    expect(decide({ ...tried, counts: { success: 1, inFlight: 1 } })).toEqual({
      kind: "rest",
      because: "budget",
    });
  });

  test("do not keep those behind them in a rolling window", () => {
    const spec = { ...threeAtATime, distributionMethod: "rolling" } as const;
    const rolling = { spec, counts: { inFlight: 1 }, isHeldTried: true };

    expect(decide({ ...rolling, group: { ...group, cursor: 9 } })).toMatchObject({
      kind: "start",
      count: 2,
    });
    expect(decide({ ...rolling, group: { ...group, cursor: 10 } })).toEqual({
      kind: "rest",
      because: "budget",
    });
  });
});

describe("a pause", () => {
  test("stops the clocks of a group that waits for its quorum, and of one that runs", () => {
    const spec = { minReady: { type: "number", value: 5 }, timeoutSeconds: 60 } as const;
    const late = { spec, now: 9999, isPaused: true };

    expect(decide({ ...late, group: { status: "waiting", deadlineAt: 5000 } })).toEqual({
      kind: "rest",
      because: "paused",
    });
    expect(decide({ ...late, group: { deadlineAt: 5000 } })).toEqual({
      kind: "rest",
      because: "paused",
    });
  });

  test("lets what was halted end in its own time", () => {
    const group = { halt: "criteria", deadlineAt: 5000 } as const;
    const counts = { inFlight: 1, failure: 1, skipped: 8 };

    expect(decide({ group, counts, now: 9999, isPaused: true })).toEqual({
      kind: "rest",
      because: "stopping",
    });
  });

  test("hides no verdict", () => {
    const counts = { success: 10 };

    expect(decide({ counts, isPaused: true })).toMatchObject({ kind: "finish" });
  });
});

describe("an empty group", () => {
  const group = { nodeCount: 0, status: "pending" } as const;

  test("fails unless it may be empty", () => {
    expect(decide({ group })).toMatchObject({ kind: "finish", status: "failure" });
    expect(decide({ group, spec: { onEmpty: "succeed" } })).toMatchObject({
      kind: "finish",
      status: "success",
    });
  });
});

describe("a halted group", () => {
  test.each([
    { halt: "cancel", outcome: "canceled" },
    { halt: "timeout", outcome: "skipped" },
    { halt: "criteria", outcome: "skipped" },
    { halt: "quorum", outcome: "skipped" },
    { halt: "sequence", outcome: "skipped" },
  ] as const)("by $halt ends what has not started as $outcome", ({ halt, outcome }) => {
    expect(decide({ group: { halt }, counts: { inFlight: 1 } })).toEqual({
      kind: "drain",
      outcome,
    });
  });

  test("waits for what is in flight", () => {
    const counts = { inFlight: 1, skipped: 9 };

    expect(decide({ group: { halt: "timeout" }, counts }).kind).toBe("rest");
  });

  test("by lost criteria still stops what is in flight when its time is up", () => {
    const group = { halt: "criteria", deadlineAt: 5000 } as const;
    const counts = { inFlight: 1, failure: 1, skipped: 8 };

    expect(decide({ group, counts, now: 4999 }).kind).toBe("rest");
    expect(decide({ group, counts, now: 5000 })).toMatchObject({ kind: "halt", cause: "timeout" });
  });

  test.each([
    { halt: "cancel", counts: { canceled: 10 }, status: "canceled" },
    { halt: "sequence", counts: { skipped: 10 }, status: "skipped" },
    { halt: "quorum", counts: { skipped: 10 }, status: "failure" },
    { halt: "timeout", counts: { success: 4, timeout: 1, skipped: 5 }, status: "failure" },
    { halt: "criteria", counts: { failure: 2, skipped: 8 }, status: "failure" },
  ] as const)("by $halt ends $status", ({ halt, counts, status }) => {
    expect(decide({ group: { halt }, counts })).toMatchObject({ kind: "finish", status });
  });
});

test("leaves a group alone that has ended", () => {
  expect(decide({ group: { status: "failure" } })).toEqual({ kind: "rest", because: "ended" });
});

test("fills in the defaults of a group that says nothing", () => {
  const spec = { distributionMethod: "batching", successCriteria: [], timeoutSeconds: 0 } as const;

  expect(resolveGroupRules(spec, 7)).toEqual({
    batchSizes: [7],
    distributionMethod: "batching",
    criteria: [],
    timeoutMs: 0,
    earlyTermination: false,
    haltOn: {},
    soakMs: 0,
    minReadyCount: 0,
    offlinePolicy: "wait",
    onEmpty: "fail",
  });
});
