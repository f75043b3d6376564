import type { FoundRun, StepRow } from "@courier/store";
import type { StepArtifacts } from "@courier/schema";
import { rfc3339OrNull } from "./rfc3339.ts";

/** `evidence.json`: what is known about one attempt beside what it wrote and left. */
export function evidenceFacts(options: {
  readonly run: FoundRun;
  readonly step: StepRow;
  readonly stepName: string;
  readonly attempt: number;
  readonly artifacts: StepArtifacts | undefined;
}): string {
  const { run, step, stepName, attempt, artifacts } = options;
  const isLast = attempt === step.attemptCount;
  const facts = {
    runId: run.id,
    instanceId: run.instanceId,
    jobId: run.jobId,
    nodeId: run.nodeId,
    nodeName: run.nodeName,
    stepNumber: step.stepNumber,
    stepName,
    attempt,
    numAttempts: step.attemptCount,
    // An attempt that another one followed has failed; what is recorded beside that is the last one's.
    status: isLast ? step.status : "failure",
    ...(isLast ? { reason: step.reason, exitCode: step.exitCode } : {}),
    interpreterPath: step.interpreterPath,
    interpreterVersion: step.interpreterVersion,
    stepStartedAt: rfc3339OrNull(step.startedAt),
    stepFinishedAt: rfc3339OrNull(step.finishedAt),
    ...(isLast
      ? { outputBytes: step.outputBytes, outputDroppedBytes: step.outputDroppedBytes }
      : {}),
    artifacts: artifacts ?? null,
  };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}
