import type { ExplainedInstance } from "@courier/schema";
import { expect, test } from "vitest";
import { renderExplanation } from "./explanation.ts";

const counts = {
  ...{ pending: 8, dispatched: 2, success: 0, failure: 3, timeout: 0, canceled: 0 },
  ...{ skipped: 0, undeliverable: 0, unknown: 0 },
};

test("names who uses a budget, says that numbers are lower bounds, and what is not folded", () => {
  const item: ExplainedInstance = {
    ...{ instanceId: "i-1", jobId: "j-1", jobName: "patch", status: "running", reason: "" },
    ...{ at: "T", startedAt: "T", finishedAt: null, pausedAt: null, isPartial: true },
    summary: 'group 0: 8 held by budget "db"',
    groups: [
      {
        ...{ groupNumber: 0, status: "running", reason: "", nodeCount: 13, counts },
        ...{ summary: "", deadlineAt: null, criteria: [], failures: [], firstFailures: [] },
        unfoldedCount: 3,
        waits: [
          {
            ...{ kind: "budget", message: "8 runs wait", releasedBy: "the end of a run" },
            ...{ count: 8, since: null, until: null },
            examples: [
              {
                ...{ nodeId: "n-1", nodeName: "db-1", runId: "r-1", since: null },
                message: 'of job "other" (instance i-2) uses it',
              },
            ],
          },
        ],
      },
    ],
  };

  expect(renderExplanation(item, (text) => text)).toMatchInlineSnapshot(`
    "instance i-1 of job "patch": running
    group 0: 8 held by budget "db"
    more runs are in flight than explain looks at: its numbers of them are lower bounds, get-instance has the exact counts

    group 0 (13 nodes): running
      budget: 8 runs wait
        - db-1: run r-1 of job "other" (instance i-2) uses it
        released by: the end of a run
      and 3 more failed: in further ways, or later than explain looks
    "
  `);
});

test("names what failed, and says how much of each list is not shown", () => {
  const example = { nodeId: "n-9", nodeName: "", runId: null, since: null, message: "offline" };
  const item: ExplainedInstance = {
    ...{ instanceId: "i-1", jobId: "j-1", jobName: "patch", status: "failure", reason: "" },
    ...{ at: "T", startedAt: "T", finishedAt: "T", pausedAt: null, isPartial: false },
    summary: "failure",
    groups: [
      {
        ...{ groupNumber: 0, status: "running", reason: "", nodeCount: 9, counts, summary: "" },
        ...{ deadlineAt: null, failures: [], unfoldedCount: 0, firstFailures: [] },
        criteria: [{ status: "success", limit: 9, count: 0, standing: "open", message: "of 9" }],
        waits: [
          {
            ...{ kind: "quorum", message: "3 nodes are missed", releasedBy: "their return" },
            ...{ count: 3, since: null, until: null, examples: [example] },
          },
        ],
      },
      {
        ...{ groupNumber: 1, status: "failure", reason: "quorum", nodeCount: 1, counts },
        ...{ summary: "", deadlineAt: null, waits: [], unfoldedCount: 0 },
        criteria: [{ status: "success", limit: 1, count: 0, standing: "lost", message: "of 1" }],
        failures: [
          {
            ...{ status: "failure", stepNumber: 1, reason: "exit code 1", line: "" },
            ...{ count: 4, nodeNames: ["db-1", "db-2"], message: "4 nodes: exit code 1" },
          },
        ],
        firstFailures: [
          {
            ...{ runId: "r-1", nodeId: "n-1", nodeName: "", status: "failure", reason: "" },
            ...{ line: "", finishedAt: "T1" },
          },
        ],
      },
      {
        ...{ groupNumber: 2, status: "success", reason: "", nodeCount: 1, counts, summary: "" },
        ...{ deadlineAt: null, waits: [], failures: [], unfoldedCount: 0, firstFailures: [] },
        criteria: [{ status: "success", limit: 1, count: 1, standing: "met", message: "1 of 1" }],
      },
    ],
  };

  expect(renderExplanation(item, (text) => text)).toMatchInlineSnapshot(`
    "instance i-1 of job "patch": failure

    group 0 (9 nodes): running
      quorum: 3 nodes are missed
        - n-9: offline
        - and 2 more
        released by: their return

    group 1 (1 node): failure: quorum
      criterion lost: of 1
      4 nodes: exit code 1 (db-1, db-2, … and 2 more)
      first failures:
        T1 n-1 failure, run r-1

    group 2 (1 node): success
      criterion met: 1 of 1
    "
  `);
});
