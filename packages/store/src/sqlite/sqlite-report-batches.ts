import type { RunStatus } from "@courier/core";
import { inFlightStates, startableStates } from "../from-states.ts";
import type {
  NodeReportBatch,
  RecordedReports,
  ResultReport,
  RunTransition,
  StartedReport,
} from "../reports.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteStatement } from "./sqlite-module.ts";

/** See `Batches.recordReports`. */
export function recordReports(
  connection: SqliteConnection,
  batches: readonly NodeReportBatch[],
): RecordedReports {
  const recorder = new ReportRecorder(connection);
  for (const batch of batches) {
    for (const report of batch.started) recorder.recordStart(batch, report);
  }
  for (const batch of batches) {
    for (const report of batch.results) recorder.recordResult(batch, report);
  }
  return { transitions: recorder.transitions, late: recorder.late };
}

/** Applies the reports of one flush, one after the other. */
class ReportRecorder {
  readonly transitions: RunTransition[] = [];
  readonly late: string[] = [];
  /** A flush is mostly about few instances; their ids are read once. */
  readonly #instanceIds = new Map<number, string>();
  readonly #select: SqliteStatement;
  readonly #selectInstance: SqliteStatement;
  readonly #start: SqliteStatement;
  readonly #end: SqliteStatement;
  readonly #keepLate: SqliteStatement;

  constructor(connection: SqliteConnection) {
    // Unique index on runs.id; the updates go by rowid. Nobody else writes in between: the transaction is alone.
    this.#select = connection.prepare(
      `SELECT seq, status, instance_seq AS instanceSeq, group_number AS groupNumber
       FROM runs WHERE id = ? AND token = ? AND node_id = ?`,
    );
    this.#selectInstance = connection.prepare("SELECT id FROM instances WHERE seq = ?");
    this.#start = connection.prepare(
      "UPDATE runs SET status = 'running', started_at = ?, updated_at = ? WHERE seq = ?",
    );
    this.#end = connection.prepare(
      `UPDATE runs SET status = ?, reason = ?, started_at = COALESCE(?, started_at), finished_at = ?, updated_at = ?
       WHERE seq = ?`,
    );
    this.#keepLate = connection.prepare(
      "UPDATE runs SET reported_status = ?, reported_at = ?, updated_at = ? WHERE seq = ? AND reported_status IS NULL",
    );
  }

  recordStart({ nodeId, now }: NodeReportBatch, report: StartedReport): void {
    const run = this.#find(nodeId, report);
    if (run === undefined || !startableStates.includes(run.status)) return;
    this.#start.run(report.at, now, run.seq);
    this.#noteTransition(run, { runId: report.runId, status: "running" });
  }

  recordResult({ nodeId, now }: NodeReportBatch, report: ResultReport): void {
    const run = this.#find(nodeId, report);
    if (run === undefined) return;
    const { status, reason, startedAt, finishedAt } = report;
    if (inFlightStates.includes(run.status)) {
      this.#end.run(status, reason, startedAt, finishedAt, now, run.seq);
      this.#noteTransition(run, report);
    } else if (run.status !== "pending" && run.status !== status) {
      const { changes } = this.#keepLate.run(status, now, now, run.seq);
      if (Number(changes) === 1) this.late.push(report.runId);
    }
  }

  #find(nodeId: string, report: StartedReport | ResultReport): ReportedRun | undefined {
    // The columns are those that the statement names.
    return this.#select.get(report.runId, report.token, nodeId) as ReportedRun | undefined;
  }

  #noteTransition(
    run: ReportedRun,
    { runId, status }: Pick<RunTransition, "runId" | "status">,
  ): void {
    const { status: previous, groupNumber } = run;
    const instanceId = this.#instanceIdOf(run.instanceSeq);
    this.transitions.push({ runId, instanceId, groupNumber, previous, status });
  }

  #instanceIdOf(seq: number): string {
    const known = this.#instanceIds.get(seq);
    if (known !== undefined) return known;
    // runs are deleted before their instance: the row is there.
    const { id } = this.#selectInstance.get(seq) as { id: string };
    this.#instanceIds.set(seq, id);
    return id;
  }
}

interface ReportedRun {
  readonly seq: number;
  readonly status: RunStatus;
  readonly instanceSeq: number;
  readonly groupNumber: number;
}
