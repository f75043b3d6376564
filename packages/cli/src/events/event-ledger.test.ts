import type { InstanceDetail, InstanceGroup, RunDetail } from "@courier/schema";
import { validateBody } from "@courier/schema";
import fc from "fast-check";
import { expect, it } from "vitest";

import { EventLedger } from "./event-ledger.ts";

const times = Array.from({ length: 10 }, (_, second) => `2026-11-25T10:00:0${second}.000Z`);
const [t0 = "", t1 = "", t2 = "", t3 = "", t4 = ""] = times;

function run(index: number, change: Partial<RunDetail> = {}): RunDetail {
  return {
    groupNumber: 0,
    lastUpdateTime: t0,
    nodeId: `node-${index}`,
    receivedTime: t0,
    runId: `run-${index}`,
    status: "dispatched",
    dispatchedAt: t1,
    finishedAt: null,
    instanceId: "instance",
    jobId: "job",
    nodeName: `web-${index}`,
    position: index,
    reason: "",
    reportedAt: null,
    reportedStatus: null,
    startedAt: null,
    ...change,
  } as RunDetail;
}

function instance(
  change: Partial<InstanceDetail> = {},
  group: Partial<InstanceGroup> = {},
): InstanceDetail {
  return {
    id: "instance",
    jobId: "job",
    status: "running",
    reason: "",
    createdAt: t0,
    updatedAt: t0,
    startedAt: t1,
    finishedAt: null,
    pausedAt: null,
    groups: [
      { groupNumber: 0, status: "running", reason: "", startedAt: t1, finishedAt: null, ...group },
    ],
    ...change,
  } as InstanceDetail;
}

const ended = instance(
  { status: "success", finishedAt: t4 },
  { status: "success", finishedAt: t4 },
);

function lines(ledger: EventLedger, item: InstanceDetail): string[] {
  return ledger.settle(item).map(({ event, runId, status, at }) => {
    return `${event}${runId === undefined ? "" : ` ${runId}`} ${status} ${at.slice(17, 19)}`;
  });
}

it("tells a whole instance in order, also when only its end was seen", () => {
  const ledger = new EventLedger(() => 0);
  ledger.holdRuns([run(1, { status: "success", startedAt: t2, finishedAt: t3 })]);

  expect(lines(ledger, ended)).toEqual([
    "instance pending 00",
    "instance running 01",
    "group running 01",
    "run run-1 dispatched 01",
    "run run-1 running 02",
    "run run-1 success 03",
    "group success 04",
    "instance success 04",
  ]);
});

it("tells nothing twice after an outage, and what happened during it", () => {
  const ledger = new EventLedger(() => 0);
  ledger.holdRuns([run(1), run(2, { status: "running", startedAt: t2 })]);
  ledger.settle(instance());

  ledger.holdRuns([
    run(1, { status: "running", startedAt: t2 }),
    run(2, { status: "failure", startedAt: t2, finishedAt: t3 }),
  ]);

  expect(lines(ledger, instance())).toEqual(["run run-1 running 02", "run run-2 failure 03"]);
  expect(lines(ledger, instance())).toEqual([]);
});

it("tells of a run that never reached a node only how it ended", () => {
  const ledger = new EventLedger(() => 0);
  ledger.settle(instance());
  ledger.holdRuns([run(1, { status: "skipped", dispatchedAt: null, finishedAt: t3 })]);

  expect(lines(ledger, instance())).toEqual(["run run-1 skipped 03"]);
});

it("tells of a pause and a resume as lines with the same status", () => {
  const ledger = new EventLedger(() => Date.parse(t3));
  ledger.settle(instance());

  expect(ledger.settle(instance({ pausedAt: t2 }))).toMatchObject([
    { event: "instance", status: "running", isPaused: true, at: t2 },
  ]);
  expect(ledger.settle(instance())).toMatchObject([{ isPaused: false, at: t3 }]);
});

it("makes documents of the schema", () => {
  const ledger = new EventLedger(() => 0);
  ledger.holdRuns([run(1, { status: "success", startedAt: t2, finishedAt: t3 })]);

  for (const event of [...ledger.settle(instance({ pausedAt: t2 })), ...ledger.settle(ended)]) {
    expect(validateBody("transition-event", event)).toMatchObject({ ok: true });
  }
});

const stages = ["dispatched", "running", "success"] as const;

function stageOf(index: number, stage: (typeof stages)[number]): RunDetail {
  const place = stages.indexOf(stage);
  return run(index, {
    status: stage,
    startedAt: place > 0 ? t2 : null,
    finishedAt: place > 1 ? t3 : null,
  });
}

it("tells each transition exactly once, however the states are seen", () => {
  const anyLook = fc.array(
    fc.record({ index: fc.integer({ min: 1, max: 3 }), stage: fc.constantFrom(...stages) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.array(anyLook, { maxLength: 8 }), (looks) => {
      const ledger = new EventLedger(() => 0);
      const told: string[] = [];
      for (const look of looks) {
        ledger.holdRuns(look.map(({ index, stage }) => stageOf(index, stage)));
        told.push(...lines(ledger, instance()));
      }
      ledger.holdRuns([1, 2, 3].map((index) => stageOf(index, "success")));
      told.push(...lines(ledger, ended));

      expect(new Set(told).size).toBe(told.length);
      expect(told.filter((line) => line.startsWith("run"))).toHaveLength(9);
    }),
  );
});
