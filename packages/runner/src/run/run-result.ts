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
