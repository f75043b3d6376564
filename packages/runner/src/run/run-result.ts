import type { RunResult, StepReport } from "@courier/protocol";
import { shownRunLengthMax } from "../limits.ts";
import type { RunState } from "./run-state.ts";
import { artifactsField } from "./step-report.ts";

/** The result of a run: what its ended steps say, and for each other step why it did not run. */
export function resultOf(
  state: RunState,
  verdict: {
    readonly status: RunResult["status"];
    readonly reason: string;
    readonly at: number;
  },
): RunResult {
  const stepCount = state.assignment?.steps.length ?? 0;
  const steps = Array.from(
    { length: stepCount },
    (_, index) => state.endedSteps[index] ?? notReached(state, index + 1, verdict),
  );
  const { runId, token } = state;
  const startedAt = state.startedAt ?? null;
  const { status, reason, at } = verdict;
  return {
    type: "result",
    ...{ runId, token, status, reason, startedAt, finishedAt: at, steps: fitShown(steps) },
  };
}

/** A result has to fit in one frame: of very many variables only those of the first steps are shown again. */
function fitShown(steps: readonly StepReport[]): readonly StepReport[] {
  let length = 0;
  return steps.map((step) => {
    length += (step.inputs?.length ?? 0) + (step.outputs?.length ?? 0);
    if (length <= shownRunLengthMax) return step;
    const { inputs = "", outputs = "", ...rest } = step;
    return {
      ...rest,
      ...(inputs === "" ? {} : { inputs: notShown }),
      ...(outputs === "" ? {} : { outputs: notShown }),
    };
  });
}

const notShown = JSON.stringify({ "…": "not shown: the run has too many variables" });

function notReached(
  state: RunState,
  stepNumber: number,
  verdict: {
    readonly status: RunResult["status"];
    readonly reason: string;
    readonly at: number;
  },
): StepReport {
  const begun = begunAttempt(state, stepNumber);
  const isStopped = verdict.status === "canceled";
  return {
    stepNumber,
    status: isStopped ? "canceled" : (begun?.status ?? "skipped"),
    attemptCount: begun?.attemptCount ?? 0,
    exitCode: null,
    reason: reasonOf(verdict, begun),
    interpreterPath: "",
    interpreterVersion: "",
    startedAt: begun === undefined ? null : (state.current?.stepStartedAt ?? null),
    finishedAt: begun === undefined ? null : verdict.at,
    outputBytes: 0,
    outputDroppedBytes: 0,
    ...artifactsField(begun === undefined ? [] : state.artifacts),
  };
}

interface BegunAttempt {
  readonly status: "timeout" | "failure";
  readonly attemptCount: number;
}

/** Of the step that the run was at: stopped while it waited for a retry, or under way when the agent failed. */
function begunAttempt(
  { current, launches }: RunState,
  stepNumber: number,
): BegunAttempt | undefined {
  if (current?.kind === "launched") {
    const { record } = current;
    if (record.stepNumber !== stepNumber) return undefined;
    return { status: "failure", attemptCount: record.attempt };
  }
  if (current?.stepNumber !== stepNumber) return undefined;
  return { status: "timeout", attemptCount: launches.at(-1)?.attempt ?? 0 };
}

function reasonOf(
  { status, reason }: { readonly status: RunResult["status"]; readonly reason: string },
  begun: BegunAttempt | undefined,
): string {
  if (status === "canceled") return "the run was canceled";
  return begun?.status === "failure" ? reason : `the run ended before this step: ${status}`;
}
