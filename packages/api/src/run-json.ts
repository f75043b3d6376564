import { settleStep } from "@courier/core";
import type { Run, RunDetail, StepResult } from "@courier/schema";
import type { EvidenceRow, FoundRun, RunRow, StepRow } from "@courier/store";
import { stepArtifacts } from "./evidence-json.ts";
import { rfc3339, rfc3339OrNull } from "./rfc3339.ts";

/** A run as list-instance-runs shows it: the keys of the original, the node's name, and what there is to say about its end. */
export function runItem(row: RunRow, nodeName: string | undefined): Run {
  return {
    groupNumber: row.groupNumber,
    lastUpdateTime: rfc3339(row.updatedAt),
    nodeId: row.nodeId,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(row.reason === "" ? {} : { reason: row.reason }),
    receivedTime: rfc3339(row.dispatchedAt ?? row.createdAt),
    runId: row.id,
    status: row.status,
    ...lateReport(row),
  };
}

/** What the node reported after the verdict; it changes nothing about it (semantics.md section 6). */
function lateReport(row: RunRow): Pick<Run, "reportedStatus" | "reportedAt"> {
  const { reportedStatus, reportedAt } = row;
  if (reportedStatus === null || reportedAt === null) return {};
  return { reportedStatus, reportedAt: rfc3339(reportedAt) };
}

/** A run as get-run shows it. */
export function runDetail(row: FoundRun): RunDetail {
  return {
    ...runItem(row, row.nodeName),
    dispatchedAt: rfc3339OrNull(row.dispatchedAt),
    finishedAt: rfc3339OrNull(row.finishedAt),
    instanceId: row.instanceId,
    jobId: row.jobId,
    nodeName: row.nodeName,
    position: row.position,
    reason: row.reason,
    reportedAt: rfc3339OrNull(row.reportedAt),
    reportedStatus: row.reportedStatus,
    startedAt: rfc3339OrNull(row.startedAt),
  };
}

/** A step as list-steps shows it: the keys of the original, its name, and artifacts where there are some. One that the node has not told of follows from the run. */
export function stepItem(
  run: RunRow,
  step: {
    readonly stepNumber: number;
    readonly name: string;
    readonly recorded: StepRow | undefined;
    /** Archives of the run that are here. */
    readonly stored: readonly EvidenceRow[];
    readonly now: number;
  },
): StepResult {
  const { stepNumber, name, recorded } = step;
  const artifacts = stepArtifacts(recorded, step);
  const { status, reason } = settleStep(run.status, recorded);
  return {
    ...(artifacts.length === 0 ? {} : { artifacts }),
    inputs: recorded?.inputs ?? "",
    interpreterPath: recorded?.interpreterPath ?? "",
    interpreterVersion: recorded?.interpreterVersion ?? "",
    name,
    numAttempts: recorded?.attemptCount ?? 0,
    outputs: recorded?.outputs ?? "",
    reason,
    status,
    stepNumber,
  };
}
