import { setImmediate as yieldToOthers } from "node:timers/promises";
import {
  counted,
  failedCount,
  foldFailures,
  lastLine,
  listFolds,
  noFailures,
  type Failure,
  type FailureFold,
} from "@courier/core";
import type { FirstFailure, FoldedFailure } from "@courier/schema";
import { listFailedRuns, type Db, type FailedRun, type GroupRow } from "@courier/store";
import { failuresFoldedMax, failuresPerRead, firstFailuresMax } from "../limits.ts";
import { rfc3339 } from "../rfc3339.ts";

/** The failures of a group, folded. */
export interface GroupFailures {
  readonly failures: FoldedFailure[];
  readonly unfoldedCount: number;
  readonly firstFailures: FirstFailure[];
}

/** Folds a group's failures, page by page: what is in memory does not depend on how many there are. */
export async function readFailures(db: Db, group: GroupRow): Promise<GroupFailures> {
  const failed = failedCount(group.counts);
  if (failed === 0) return { failures: [], unfoldedCount: 0, firstFailures: [] };
  const { instanceId, groupNumber } = group;
  const key = { instanceId, groupNumber, limit: failuresPerRead };
  let folds = noFailures;
  let page = await listFailedRuns(db, key);
  const firstFailures = page.items.slice(0, firstFailuresMax).map(firstFailure);
  for (let read = page.items.length; ; read += page.items.length) {
    folds = foldFailures(folds, page.items.map(failureOf));
    if (page.next === undefined || read >= failuresFoldedMax) break;
    // On SQLite a read keeps everybody else waiting.
    await yieldToOthers();
    page = await listFailedRuns(db, { ...key, after: page.next });
  }
  const failures = listFolds(folds).map(foldedFailure);
  const foldedCount = failures.reduce((sum, { count }) => sum + count, 0);
  // The counters were read before the runs; more may have failed since.
  return { failures, unfoldedCount: Math.max(0, failed - foldedCount), firstFailures };
}

function failureOf(run: FailedRun): Failure {
  const { status, stepNumber, reason, nodeName } = run;
  return { status, stepNumber, reason, nodeName, stderr: stderrOf(run) };
}

function stderrOf({ stderrTail }: FailedRun): string {
  return stderrTail === null ? "" : new TextDecoder().decode(stderrTail);
}

function foldedFailure(fold: FailureFold): FoldedFailure {
  const { nodeNames, ...rest } = fold;
  return { ...rest, nodeNames: [...nodeNames], message: foldText(fold) };
}

/** `17 nodes: step 1 "fill": exit code 1, 'no space left on device'`. */
function foldText({ status, reason, line, count }: FailureFold): string {
  const why = reason === "" ? status : reason;
  return `${counted(count, "node")}: ${why}${line === "" ? "" : `, '${line}'`}`;
}

function firstFailure(run: FailedRun): FirstFailure {
  return {
    runId: run.id,
    nodeId: run.nodeId,
    nodeName: run.nodeName,
    status: run.status,
    reason: run.reason,
    line: lastLine(stderrOf(run)),
    finishedAt: rfc3339(run.finishedAt),
  };
}
