import type {
  ExplainedGroup,
  ExplainedInstance,
  FoldedFailure,
  InstanceDetail,
  InstanceGroup,
  RunCounts,
} from "@courier/schema";
import { describe, expect, it } from "vitest";

import { formatDuration, progressLines, summariseOutcomes } from "./progress-lines.ts";

const noCounts: RunCounts = {
  pending: 0,
  dispatched: 0,
  success: 0,
  failure: 0,
  timeout: 0,
  canceled: 0,
  skipped: 0,
  undeliverable: 0,
  unknown: 0,
};

function group(groupNumber: number, rest: Partial<InstanceGroup> = {}): InstanceGroup {
  return {
    groupNumber,
    status: "running",
    reason: "",
    nodeCount: 100,
    counts: noCounts,
    startedAt: null,
    finishedAt: null,
    batchNumber: 1,
    soakUntil: null,
    heldAt: null,
    haltCause: null,
    ...rest,
  };
}

function instance(groups: InstanceGroup[]): InstanceDetail {
  return {
    actionSpec: { accessMode: "agent", steps: [] },
    targetSpec: { executionType: "sequential", groups: [] },
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: null,
    id: "i-1",
    jobId: "j-1",
    originInstanceId: null,
    pausedAt: null,
    fromStep: null,
    rerunInstanceIds: [],
    lastUpdatedBy: "",
    reason: "",
    status: "running",
    groups,
  };
}

/** What is known of a running instance, by its groups in their order. */
function explanationOf(...groups: Partial<ExplainedGroup>[]): ExplainedInstance {
  return {
    ...{ instanceId: "i-1", jobId: "j-1", jobName: "", status: "running", reason: "", summary: "" },
    ...{ at: "2026-01-01T00:01:05.000Z", startedAt: null, finishedAt: null, pausedAt: null },
    isPartial: false,
    groups: groups.map((rest, groupNumber) => ({
      ...{ groupNumber, status: "running", reason: "", summary: "", nodeCount: 100 },
      ...{ counts: noCounts, deadlineAt: null, criteria: [], waits: [] },
      ...{ failures: [], unfoldedCount: 0, firstFailures: [], ...rest },
    })),
  };
}

/** One kind of failure of step 1. */
function failureOf(message: string, count: number, nodeNames: string[]): FoldedFailure {
  return { status: "failure", stepNumber: 1, reason: "", line: "", count, nodeNames, message };
}

const view = {
  now: Date.parse("2026-01-01T00:01:05.000Z"),
  since: Date.parse("2026-01-01T00:00:55.000Z"),
  endedAtStart: [10],
  width: 120,
  height: 10,
  isUnicode: false,
  paint: (text: string) => text,
};

describe("progressLines", () => {
  it("shows a bar, the outcomes and an estimate per group", () => {
    const counts = { ...noCounts, success: 28, failure: 2, dispatched: 5, pending: 65 };

    expect(progressLines(instance([group(0, { counts })]), view)).toEqual([
      "instance i-1 running  1:05",
      "group 0 [#######-----------------] 30/100 running: 28 success, 2 failure, 5 in flight, 65 pending ETA 0:35",
    ]);
  });

  it("shows how long a group takes, what it waits for, and what failed alike", () => {
    const counts = { ...noCounts, success: 80, failure: 17, dispatched: 3 };
    const startedAt = "2026-01-01T00:00:05.000Z";
    const explanation = explanationOf({
      summary: "batch 1/2 has 3 open runs",
      failures: [failureOf("17 nodes: exit code 1, 'no space left'", 17, ["a", "b"])],
      unfoldedCount: 2,
    });
    const settled = { ...view, endedAtStart: [97], width: 200, explanation };

    expect(progressLines(instance([group(0, { counts, startedAt })]), settled).slice(1)).toEqual([
      "group 0 [#######################-] 97/100 running: 80 success, 17 failure, 3 in flight 1:00 (batch 1/2 has 3 open runs)",
      "  17 nodes: exit code 1, 'no space left' (a, b, …)",
      "  2 more failed",
    ]);
    expect(progressLines(instance([group(0)]), { ...settled, height: 3 })).toHaveLength(3);
  });

  it("does not show what an older explanation says of a group that has moved on", () => {
    const explanation = explanationOf({ status: "pending", summary: "after group 1" });

    expect(progressLines(instance([group(0)]), { ...view, explanation }).join()).not.toContain(
      "after group 1",
    );
    const pending = group(0, { status: "pending" });
    expect(progressLines(instance([pending]), { ...view, explanation }).join()).toContain(
      "after group 1",
    );
  });

  it("estimates a group that began later from its own beginning", () => {
    const counts = { ...noCounts, success: 50, pending: 50 };
    const late = group(1, { counts, startedAt: "2026-01-01T00:01:00.000Z" });

    expect(progressLines(instance([late]), { ...view, endedAtStart: [] }).join()).toContain(
      "ETA 0:05",
    );
  });

  it("says what keeps a group back", () => {
    const soaking = group(0, { soakUntil: "2026-01-01T00:01:47.000Z", batchNumber: 2 });
    const held = group(1, { heldAt: "2026-01-01T00:01:00.000Z" });

    const [, first, second] = progressLines(instance([soaking, held]), view);

    expect(first).toContain("soaking 0:42 after batch 2");
    expect(second).toContain("some wait for a budget");
    const explanation = explanationOf({}, { summary: '3 held by budget "db"' });
    const [, , explainedSecond] = progressLines(instance([soaking, held]), {
      ...view,
      explanation,
    });
    expect(explainedSecond).toContain('(3 held by budget "db")');
    expect(explainedSecond).not.toContain("some wait");
  });

  it("puts the words for a wait into lines of their own where a terminal is narrow, and where there is room", () => {
    const counts = { ...noCounts, success: 80, failure: 2, dispatched: 3, pending: 15 };
    const summary =
      'batch 2/5 has 3 open runs; 12 held by budget "databases of the shop"; 3 on busy nodes';
    const message = "2 nodes: exit code 1, 'no space left on the device that holds /var/lib'";
    const failures = [failureOf(message, 2, ["web-1", "web-2"])];
    const explanation = explanationOf({ summary, failures });
    const narrow = { ...view, endedAtStart: [82], width: 79, explanation };

    expect(progressLines(instance([group(0, { counts })]), narrow)).toMatchInlineSnapshot(`
      [
        "instance i-1 running  1:05",
        "group 0 [#########---] 82/100 running: 80 success, 2 failure, 3 in flight, 15",
        "  pending",
        "  (batch 2/5 has 3 open runs; 12 held by budget "databases of the shop"; 3 on",
        "   busy nodes)",
        "  2 nodes: exit code 1, 'no space left on the device that holds /var/lib'",
        "    (web-1, web-2)",
      ]
    `);
    expect(progressLines(instance([group(0, { counts })]), { ...narrow, height: 3 }))
      .toMatchInlineSnapshot(`
        [
          "instance i-1 running  1:05",
          "group 0 [#########---] 82/100 running: 80 success, 2 failure, 3 in flight, 15",
          "  pendin…",
        ]
      `);
  });

  it("begins the words for a wait on the line of the group where there is no room for more lines", () => {
    const counts = { ...noCounts, success: 2, pending: 98 };
    const explanation = explanationOf({ summary: "12 held by budget" });
    const low = { ...view, endedAtStart: [2], width: 79, height: 2, explanation };

    expect(progressLines(instance([group(0, { counts })]), low).slice(1)).toEqual([
      "group 0 [------------] 2/100 running: 2 success, 98 pending (12 held by budget)",
    ]);
    expect(progressLines(instance([group(0, { counts })]), { ...low, width: 70 }).slice(1)).toEqual(
      ["group 0 [------------] 2/100 running: 2 success, 98 pending (12 hel…"],
    );
  });

  it("has narrow bars on terminals of less than 100 columns", () => {
    const line = (width: number): string | undefined =>
      progressLines(instance([group(0, { counts: noCounts })]), { ...view, width })[1];

    expect(line(99)).toContain(`[${"-".repeat(12)}]`);
    expect(line(100)).toContain(`[${"-".repeat(24)}]`);
  });

  it("counts the failures of further kinds, and says of which group they are when there are several", () => {
    const kinds = Array.from({ length: 7 }, (_, index) =>
      failureOf(`kind ${index}`, 2, ["a", "b"]),
    );
    const explanation = explanationOf({}, { failures: kinds, unfoldedCount: 3 });
    const high = { ...view, height: 20, explanation };

    const lines = progressLines(instance([group(0), group(1)]), high).slice(3);

    expect(lines).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => `  group 1: kind ${index} (a, b)`),
      "  group 1: 7 more failed",
    ]);
  });

  it("shows nothing of what nodes wrote that would move the cursor", () => {
    const explanation = explanationOf({ failures: [failureOf("\u001b[2Jgone", 1, ["web\u0007"])] });

    expect(progressLines(instance([group(0)]), { ...view, explanation }).at(-1)).toBe(
      "  ·[2Jgone (web·)",
    );
  });

  it("stops the clocks of what has ended, and says no more what it waited for", () => {
    const ended = { status: "success", finishedAt: "2026-01-01T00:00:40.000Z" } as const;
    const done = group(0, { ...ended, startedAt: "2026-01-01T00:00:10.000Z" });
    const explanation = explanationOf({ status: "success", summary: "5 in flight" });

    const lines = progressLines({ ...instance([done]), ...ended }, { ...view, explanation });

    expect(lines).toEqual([
      "instance i-1 success  0:40",
      `group 0 [${"-".repeat(24)}] 0/100 success: no runs 0:30`,
    ]);
  });

  it("fits the width", () => {
    const lines = progressLines(instance([group(0)]), { ...view, width: 30 });

    expect(lines.every((line) => line.length <= 30)).toBe(true);
  });

  it("prefers groups at work when there are more than fit", () => {
    const groups = Array.from({ length: 50 }, (_, index) =>
      group(index, { status: index === 30 ? "running" : "pending" }),
    );

    const lines = progressLines(instance(groups), { ...view, height: 5 });

    expect(lines).toHaveLength(5);
    expect(lines.some((line) => line.startsWith("group 30 "))).toBe(true);
    expect(lines.at(-1)).toBe("… and 47 more groups: 47 pending");
  });

  it("shows what has gone wrong when there is more than fits", () => {
    const groups = Array.from({ length: 50 }, (_, index) =>
      group(index, { status: index % 20 === 19 ? "failure" : "success" }),
    );
    const failures = [
      failureOf("1 node: exit code 1", 1, ["web-1"]),
      failureOf("1 node: exit code 2", 1, ["web-2"]),
    ];
    const explanation = explanationOf({ failures });

    const lines = progressLines(instance(groups), { ...view, explanation, height: 7 });

    expect(lines.map((line) => line.split(" [")[0])).toEqual([
      "instance i-1 running  1:05",
      "group 0",
      "group 19",
      "group 39",
      "… and 47 more groups: 47 success",
      "  1 node: exit code 1 (web-1)",
      "  1 node: exit code 2 (web-2)",
    ]);
  });

  it("makes no guess before anything has ended", () => {
    const counts = { ...noCounts, success: 10, pending: 90 };

    expect(progressLines(instance([group(0, { counts })]), view).join("")).not.toContain("ETA");
  });
});

describe("summariseOutcomes", () => {
  it("adds the groups up", () => {
    const groups = [
      group(0, { counts: { ...noCounts, success: 2 } }),
      group(1, { counts: { ...noCounts, success: 1, unknown: 1 } }),
    ];

    expect(summariseOutcomes(groups)).toBe("3 success, 1 unknown");
    expect(summariseOutcomes([])).toBe("no runs");
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0:00"],
    [65_000, "1:05"],
    [3_723_000, "1:02:03"],
    [-5, "0:00"],
  ])("shows %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
