import type { RunResult, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import { tableOf, visible } from "./terminal.ts";

/** What became of a local run, one row per step. */
export function summaryTable(result: RunResult, steps: readonly CanonicalStep[]): string {
  const header = ["STEP", "NAME", "STATUS", "ATTEMPTS", "EXIT", "SECONDS", "REASON"];
  const rows = result.steps.map((step) => [
    `${step.stepNumber}`,
    visible(steps[step.stepNumber - 1]?.name ?? ""),
    step.status,
    `${step.attemptCount}`,
    step.exitCode === null ? "" : `${step.exitCode}`,
    secondsOf(step),
    visible(step.reason),
  ]);
  const reason = result.reason === "" ? "" : `: ${visible(result.reason)}`;
  return `${tableOf([header, ...rows])}${result.status}${reason}\n`;
}

/** The same as data. */
export function summaryItem(result: RunResult, steps: readonly CanonicalStep[]): object {
  const { status, reason } = result;
  return {
    item: {
      status,
      reason,
      steps: result.steps.map((step) => ({
        stepNumber: step.stepNumber,
        name: steps[step.stepNumber - 1]?.name ?? "",
        status: step.status,
        reason: step.reason,
        numAttempts: step.attemptCount,
        exitCode: step.exitCode,
        interpreterPath: step.interpreterPath,
        interpreterVersion: step.interpreterVersion,
        startedAt: timeOf(step.startedAt),
        finishedAt: timeOf(step.finishedAt),
      })),
    },
  };
}

function secondsOf({ startedAt, finishedAt, attemptCount }: StepReport): string {
  if (startedAt === null || finishedAt === null || attemptCount === 0) return "";
  return ((finishedAt - startedAt) / 1000).toFixed(1);
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
