import type { Assignment, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AttemptRecord, JournalRecord, RetryRecord } from "../journal/journal-record.ts";
import { nextMove } from "./next-move.ts";
import { resultOf } from "./run-result.ts";
import { applyRecord, type RunState } from "./run-state.ts";

const runId = "run";
const token = 1;

function step(action: "retryThenFail" | "retryThenIgnore"): CanonicalStep {
  return {
    name: "step",
    description: "",
    interpreter: { name: "shell", skill: { minVersion: "", maxVersion: "" } },
    command: {},
    inputs: {},
    expectedInputs: {},
    outputFieldRules: {},
    conditions: [],
    retryCount: 0,
    failureBehavior: {
      action,
      retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [] },
    },
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
  };
}

function accepted(...actions: ("retryThenFail" | "retryThenIgnore")[]): JournalRecord {
  const assignment: Assignment = {
    runId,
    token,
    instanceId: "instance",
    jobId: "job",
    jobName: "job",
    steps: actions.map(step),
  };
  return { type: "accepted", runId, token, at: 1, assignment };
}

function attempt(stepNumber: number, number = 1): AttemptRecord {
  return {
    type: "attempt",
    ...{ runId, token, stepNumber, attempt: number },
    ...{ at: 2, launch: 1, bootId: "boot" },
  };
}

function retry(stepNumber: number, number = 1): RetryRecord {
  return { type: "retry", runId, token, at: 3, stepNumber, attempt: number, retryAt: 9 };
}

function ended(stepNumber: number, status: StepReport["status"]): JournalRecord {
  const report: StepReport = {
    stepNumber,
    status,
    attemptCount: 1,
    exitCode: status === "success" ? 0 : 1,
    reason: status === "success" ? "" : "exit code 1",
    interpreterPath: "/bin/sh",
    interpreterVersion: "1.0.0",
    startedAt: 2,
    finishedAt: 3,
    outputBytes: 0,
    outputDroppedBytes: 0,
  };
  return { type: "step-ended", runId, token, step: report };
}

const stop: JournalRecord = { type: "stop", runId, token, at: 4, outcome: "canceled" };

function stateAfter(...records: JournalRecord[]): RunState {
  const [first, ...rest] = records;
  if (first === undefined) throw new Error("no records");
  return rest.reduce(applyRecord, applyRecord(undefined, first));
}

test("an accepted run launches its first step", () => {
  const move = nextMove(stateAfter(accepted("retryThenFail")));

  expect(move).toMatchObject({ kind: "launch", stepNumber: 1 });
});

test("a launched attempt is supervised, never launched again, even when the run is stopped", () => {
  const launched = [accepted("retryThenFail"), attempt(1)] as const;

  expect(nextMove(stateAfter(...launched))).toMatchObject({ kind: "supervise" });
  expect(nextMove(stateAfter(...launched, stop))).toMatchObject({ kind: "supervise" });
});

test("a failed attempt with retries left waits for the next attempt until its time", () => {
  const move = nextMove(stateAfter(accepted("retryThenFail"), attempt(1), retry(1)));

  expect(move).toEqual({ kind: "wait", until: 9, stepNumber: 1, attempt: 2 });
});

test("a stop wins over a retry wait", () => {
  const state = stateAfter(accepted("retryThenFail"), attempt(1), retry(1), stop);

  expect(nextMove(state)).toMatchObject({ kind: "conclude", status: "canceled" });
  expect(resultOf(state, { status: "canceled", reason: "", at: 5 }).steps).toEqual([
    expect.objectContaining({ status: "canceled", attemptCount: 1 }),
  ]);
});

test.each([
  ["retryThenFail", "failure", { kind: "conclude", status: "failure" }],
  ["retryThenFail", "timeout", { kind: "conclude", status: "timeout" }],
  ["retryThenIgnore", "failure", { kind: "launch", stepNumber: 2 }],
  ["retryThenIgnore", "timeout", { kind: "launch", stepNumber: 2 }],
  ["retryThenFail", "success", { kind: "launch", stepNumber: 2 }],
] as const)("after a %s step that ended %s comes %j", (action, status, move) => {
  const state = stateAfter(accepted(action, "retryThenFail"), attempt(1), ended(1, status));

  expect(nextMove(state)).toMatchObject(move);
});

test("a newer token starts anew, an older one changes nothing", () => {
  const state = stateAfter(accepted("retryThenFail"), attempt(1));
  const newer = applyRecord(state, { ...accepted("retryThenFail"), token: 2 });

  expect(newer).toMatchObject({ token: 2, launches: [], current: undefined });
  expect(applyRecord(newer, stop)).toBe(newer);
});

test("applying records twice, in any run of repeats, changes nothing", () => {
  const history = [
    accepted("retryThenFail", "retryThenFail"),
    ...[attempt(1), retry(1), attempt(1, 2), ended(1, "success"), attempt(2), ended(2, "failure")],
  ];
  fc.assert(
    fc.property(fc.nat({ max: history.length }), fc.nat({ max: history.length }), (end, from) => {
      const records = history.slice(0, Math.max(1, end));
      const repeated = records.slice(Math.min(from, records.length));

      expect(stateAfter(...records, ...repeated)).toEqual(stateAfter(...records));
    }),
  );
});

test("the first stop and the first result stand", () => {
  const timeout: JournalRecord = { type: "stop", runId, token, at: 5, outcome: "timeout" };
  const running = stateAfter(accepted("retryThenFail"), attempt(1));
  const success = resultOf(running, { status: "success", reason: "", at: 5 });
  const failure = resultOf(running, { status: "failure", reason: "", at: 6 });

  expect(stateAfter(accepted("retryThenFail"), stop, timeout).stop).toBe("canceled");
  const reported = [success, failure].reduce<RunState>(
    (state, result) => applyRecord(state, { type: "result", runId, token, result }),
    running,
  );
  expect(reported.result).toBe(success);
});

test("an attempt that is launched again, as after a boot before it began, is a launch of its own", () => {
  const first = attempt(1);
  const again = { ...first, launch: 2 };

  expect(stateAfter(accepted("retryThenFail"), first, again).launches).toEqual([first, again]);
});

test("a step began with its first attempt, whatever attempt it is in", () => {
  const later = { ...attempt(1, 2), at: 10 };
  const next = { ...attempt(2), at: 20 };
  const job = accepted("retryThenFail", "retryThenFail");

  const retried = stateAfter(job, attempt(1), retry(1), later);
  expect(retried.current).toMatchObject({ kind: "launched", stepStartedAt: 2 });
  const second = [ended(1, "success"), next].reduce(applyRecord, retried);
  expect(second.current).toMatchObject({ kind: "launched", stepStartedAt: 20 });
});

test("what earlier attempts of a step left goes with the step's end", () => {
  const artifacts = {
    attempt: 1,
    fileCount: 1,
    leftOutCount: 0,
    sizeBytes: 9,
    sha256: "a",
    reason: "",
  };
  const left: RetryRecord = { ...retry(1), artifacts };
  const waiting = stateAfter(accepted("retryThenFail"), attempt(1), left);

  expect(waiting.artifacts).toEqual([artifacts]);
  const over = [attempt(1, 2), ended(1, "success")].reduce(applyRecord, waiting);
  expect(over.artifacts).toEqual([]);
});

test("of a run that is acknowledged only that is left", () => {
  const acked: JournalRecord = { type: "acked", runId, token };
  const state = stateAfter(accepted("retryThenFail"), attempt(1), ended(1, "success"), acked);

  expect(state).toEqual({
    ...stateAfter(stop),
    ...{ stop: undefined, isAcked: true },
  });
  expect(nextMove(state)).toEqual({ kind: "report" });
});
