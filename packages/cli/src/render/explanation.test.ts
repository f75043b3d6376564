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
