import type { RunStatus } from "@courier/core";
import type { RunResult } from "@courier/protocol";
import type { Db } from "./database.ts";
import { atomically } from "./handle.ts";
import { storableText } from "./storable-text.ts";

/** What one node reported within one flush. */
export interface NodeReportBatch {
  readonly nodeId: string;
  readonly now: number;
  readonly started: readonly StartedReport[];
  readonly results: readonly ResultReport[];
}

/** A run's first step started at `at`. */
export interface StartedReport {
  readonly runId: string;
  readonly token: number;
  readonly at: number;
}

/** A run ended on its node. */
export interface ResultReport {
  readonly runId: string;
  readonly token: number;
  readonly status: RunResult["status"];
  readonly reason: string;
  readonly startedAt: number | null;
  readonly finishedAt: number;
}

/** A run that really changed. */
export interface RunTransition {
  readonly runId: string;
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly previous: RunStatus;
  readonly status: RunStatus;
}

/** What a flush changed, and which runs had ended otherwise already. */
export interface RecordedReports {
  readonly transitions: readonly RunTransition[];
  readonly late: readonly string[];
}

/**
 * Records what nodes reported, one entry per node. Only runs with matching id, token and node change; others are
 * ignored. A result for a run that has another outcome already is kept beside it once (`late`). When a batch names a
 * run twice, the first report counts.
 */
export async function recordReports(
  tx: Db,
  batches: readonly NodeReportBatch[],
): Promise<RecordedReports> {
  const distinct = withoutRepeats(batches);
  return await atomically(tx, async (handle) => await handle.batches.recordReports(distinct));
}

function withoutRepeats(batches: readonly NodeReportBatch[]): NodeReportBatch[] {
  const started = new Set<string>();
  const ended = new Set<string>();
  return batches.map((batch) => ({
    nodeId: batch.nodeId,
    now: batch.now,
    started: batch.started.filter((report) => isNew(started, batch.nodeId, report)),
    results: batch.results
      .filter((report) => isNew(ended, batch.nodeId, report))
      .map((report) => ({ ...report, reason: storableText(report.reason) })),
  }));
}

function isNew(seen: Set<string>, nodeId: string, report: StartedReport | ResultReport): boolean {
  const sizeBefore = seen.size;
  seen.add(`${report.runId} ${report.token} ${nodeId}`);
  return seen.size > sizeBefore;
}
