import { assert } from "@courier/core";
import type { RunResult, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { AttemptRecord } from "../journal/journal-record.ts";
import type { RunState } from "./run-state.ts";

/** What is to be done next for a run. */
export type Move =
  /** Ended: tell the service, wait for its acknowledgement. */
  | { readonly kind: "report" }
  /** An attempt was launched: supervise it until it ends. */
  | { readonly kind: "supervise"; readonly record: AttemptRecord }
  | {
      readonly kind: "wait";
      readonly until: number;
      readonly stepNumber: number;
      readonly attempt: number;
    }
  | { readonly kind: "launch"; readonly step: CanonicalStep; readonly stepNumber: number }
  | { readonly kind: "conclude"; readonly status: RunResult["status"]; readonly reason: string };

/** Decides from the journal's view alone, so that a restarted agent goes on exactly where the old one was. */
export function nextMove(state: RunState): Move {
  if (state.result !== undefined || state.isAcked) return { kind: "report" };
  if (state.current?.kind === "launched") {
    return { kind: "supervise", record: state.current.record };
  }
  if (state.stop !== undefined) return stopped(state);
  assert(state.assignment !== undefined, `run ${state.runId} has neither assignment nor stop`);
  if (state.current?.kind === "waiting") {
    const { retryAt, stepNumber, attempt } = state.current;
    return { kind: "wait", until: retryAt, stepNumber, attempt: attempt + 1 };
  }
  const { steps } = state.assignment;
  const failed = blockingFailure(state.endedSteps, steps);
  if (failed !== undefined) {
    const status = failed.status === "timeout" ? "timeout" : "failure";
    return { kind: "conclude", status, reason: failureReason(failed, steps) };
  }
  const step = steps[state.endedSteps.length];
  if (step === undefined) return { kind: "conclude", status: "success", reason: "" };
  return { kind: "launch", step, stepNumber: state.endedSteps.length + 1 };
}

function stopped(state: RunState): Move {
  const status = state.stop ?? "canceled";
  const when = state.assignment === undefined ? " before it arrived" : whenStopped(state);
  const cause = status === "timeout" ? "its group's time limit passed" : "it was canceled";
  return { kind: "conclude", status, reason: `stopped${when}: ${cause}` };
}

function whenStopped(state: RunState): string {
  if (state.startedAt === undefined) return " before it started";
  return state.current?.kind === "waiting" ? " while it waited for a retry" : "";
}

/** A failed step ends the run unless its template says that failures of it do not matter. */
function blockingFailure(
  ended: readonly StepReport[],
  steps: readonly CanonicalStep[],
): StepReport | undefined {
  return ended.find(
    (report, index) =>
      (report.status === "failure" || report.status === "timeout") &&
      steps[index]?.failureBehavior.action !== "retryThenIgnore",
  );
}

function failureReason(failed: StepReport, steps: readonly CanonicalStep[]): string {
  const name = steps[failed.stepNumber - 1]?.name ?? "";
  return `step ${failed.stepNumber} "${name}": ${failed.reason}`;
}
