import type { InstanceDetail, Run } from "@courier/schema";
import { describe, expect, it } from "vitest";

import { renderJunit } from "./junit.ts";

const counts = {
  pending: 0,
  dispatched: 0,
  success: 1,
  failure: 1,
  timeout: 0,
  canceled: 0,
  skipped: 1,
  undeliverable: 1,
  unknown: 0,
};

const instance: InstanceDetail = {
  actionSpec: { accessMode: "agent", steps: [] },
  targetSpec: { executionType: "sequential", groups: [] },
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:09.000Z",
  id: "i-1",
  jobId: "j-1",
  originInstanceId: null,
  pausedAt: null,
  fromStep: null,
  rerunInstanceIds: [],
  lastUpdatedBy: "",
  reason: "",
  status: "failure",
  groups: [
    {
      groupNumber: 0,
      status: "failure",
      reason: "",
      nodeCount: 4,
      counts,
      batchNumber: 1,
      startedAt: null,
      finishedAt: null,
      soakUntil: null,
      heldAt: null,
      haltCause: null,
    },
  ],
};

function run(runId: string, status: Run["status"], nodeId: string): Run {
  return {
    runId,
    status,
    nodeId,
    groupNumber: 0,
    receivedTime: "2026-01-01T00:00:00.000Z",
    lastUpdateTime: "2026-01-01T00:00:01.500Z",
  };
}

describe("renderJunit", () => {
  it("reports every run once, by what its outcome means", () => {
    const runs = [
      run("r-1", "success", "n-1"),
      { ...run("r-2", "failure", "n-2"), nodeName: 'web<&"2', reason: 'step 1 "fill" failed' },
      run("r-3", "skipped", "n-3"),
      run("r-4", "undeliverable", "n\u00004"),
    ];

    expect(renderJunit(instance, runs)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="instance i-1" tests="4" failures="1" errors="1" skipped="1" time="6.000">
        <testsuite name="group 0" timestamp="2026-01-01T00:00:00" tests="4" failures="1" errors="1" skipped="1" time="6.000">
          <testcase name="node n-1" classname="job j-1 group 0" time="1.500"/>
          <testcase name="node web&lt;&amp;&quot;2" classname="job j-1 group 0" time="1.500"><failure type="failure" message="run r-2 ended failure: step 1 &quot;fill&quot; failed"/></testcase>
          <testcase name="node n-3" classname="job j-1 group 0" time="1.500"><skipped message="run r-3 ended skipped"/></testcase>
          <testcase name="node n�4" classname="job j-1 group 0" time="1.500"><error type="undeliverable" message="run r-4 ended undeliverable"/></testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });
});
