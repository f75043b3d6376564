import type { RunStatus } from "./run-state.ts";
import { stepTransitions, type StepStatus } from "./step-state.ts";

/** A step's status as it is shown, with a reason where the node has given none. */
export interface SettledStep {
  readonly status: StepStatus;
  readonly reason: string;
}

/**
 * The status of a step within its run. What the node recorded as final stands; what it has not recorded, or left
 * open, follows from the run: a run that has ended has no step that is still pending or running.
 */
export function settleStep(run: RunStatus, recorded: SettledStep | undefined): SettledStep {
  if (recorded !== undefined && isFinal(recorded.status)) return recorded;
  switch (run) {
    case "pending":
    case "dispatched":
    case "running":
      return recorded ?? { status: "pending", reason: "" };
    case "canceled":
      return { status: "canceled", reason: "the run was canceled" };
    case "success":
    case "failure":
    case "timeout":
    case "skipped":
    case "undeliverable":
    case "unknown":
      return recorded === undefined ? neverReported(run) : leftOpen(run);
  }
}

function neverReported(run: RunStatus): SettledStep {
  const reason =
    run === "unknown"
      ? "whether this step was executed cannot be known"
      : `the run ended before this step: ${run}`;
  return { status: "skipped", reason };
}

function leftOpen(run: RunStatus): SettledStep {
  if (run === "timeout") {
    return {
      status: "timeout",
      reason: "the run timed out; the node has not told how this step ended",
    };
  }
  return { status: "failure", reason: "how this step ended cannot be known" };
}

function isFinal(status: StepStatus): boolean {
  return Object.keys(stepTransitions[status]).length === 0;
}
