import { retryDelayMs } from "@courier/core";
import type { AttemptArtifacts } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { AttemptRecord, RetryRecord } from "../journal/journal-record.ts";
import type { StepPlan } from "../step/prepare-step.ts";

/** The journal's record of a launch that is about to be executed. */
export function attemptRecord(
  { directory, switchesUser, account }: StepPlan,
  launch: Omit<AttemptRecord, "type" | "directory" | "userId">,
): AttemptRecord {
  const user = switchesUser ? { userId: account.userId } : {};
  return { type: "attempt", ...launch, directory, ...user };
}

/** The journal's record of an attempt that failed and is followed by another one. */
export function retryRecord(
  step: CanonicalStep,
  options: {
    readonly failed: AttemptRecord;
    readonly at: number;
    readonly artifacts: AttemptArtifacts | undefined;
    readonly secrets: readonly string[];
  },
): RetryRecord {
  const { failed, at, artifacts, secrets } = options;
  const { runId, token, stepNumber, attempt } = failed;
  const retryAt = at + retryDelayMs(step.failureBehavior.retryBackoffStrategy, attempt);
  const left = artifacts === undefined ? {} : { artifacts };
  const known = secrets.length === 0 ? {} : { secrets };
  return { type: "retry", runId, token, at, stepNumber, attempt, retryAt, ...left, ...known };
}
