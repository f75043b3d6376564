import { evidenceDeadlineMs, type AttemptArtifacts } from "@courier/protocol";
import type { StepArtifacts } from "@courier/schema";
import type { EvidenceRow, StepRow } from "@courier/store";

/** What is known about the artifacts of a step's attempts: what the node told of, and whether it is here. */
export function stepArtifacts(
  step: StepRow | undefined,
  options: { readonly stored: readonly EvidenceRow[]; readonly now: number },
): StepArtifacts[] {
  if (step?.artifacts === undefined) return [];
  const stored = new Set(
    options.stored.filter((row) => row.stepNumber === step.stepNumber).map((row) => row.attempt),
  );
  const isLate = (step.finishedAt ?? step.updatedAt) + evidenceDeadlineMs < options.now;
  return step.artifacts.map((artifacts) => ({
    attempt: artifacts.attempt,
    state: stateOf(artifacts, { isStored: stored.has(artifacts.attempt), isLate }),
    fileCount: artifacts.fileCount,
    leftOutCount: artifacts.leftOutCount,
    sizeBytes: artifacts.sizeBytes,
    sha256: artifacts.sha256,
    reason: artifacts.reason,
  }));
}

function stateOf(
  artifacts: AttemptArtifacts,
  { isStored, isLate }: { readonly isStored: boolean; readonly isLate: boolean },
): StepArtifacts["state"] {
  if (isStored) return "stored";
  if (artifacts.sha256 === "") return "failed";
  return isLate ? "gone" : "pending";
}
