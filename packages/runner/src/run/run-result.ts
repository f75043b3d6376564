import type { RunResult, StepReport } from "@courier/protocol";
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
  return { type: "result", runId, token, status, reason, startedAt, finishedAt: at, steps };
}

function notReached(
  state: RunState,
  stepNumber: number,
  verdict: { readonly status: RunResult["status"]; readonly at: number },
): StepReport {
  const isInRetryWait =
    state.current?.kind === "waiting" && state.current.stepNumber === stepNumber;
  const attemptCount = isInRetryWait ? (state.launches.at(-1)?.attempt ?? 0) : 0;
  const isStopped = verdict.status === "canceled";
  return {
    stepNumber,
    status: isStopped ? "canceled" : isInRetryWait ? "timeout" : "skipped",
    attemptCount,
    exitCode: null,
    reason: isStopped
      ? "the run was canceled"
      : `the run ended before this step: ${verdict.status}`,
    interpreterPath: "",
    interpreterVersion: "",
    startedAt: isInRetryWait ? (state.current?.stepStartedAt ?? null) : null,
    finishedAt: isInRetryWait ? verdict.at : null,
    outputBytes: 0,
    outputDroppedBytes: 0,
    ...artifactsField(isInRetryWait ? state.artifacts : []),
  };
}
