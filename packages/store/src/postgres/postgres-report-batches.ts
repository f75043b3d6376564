import { inFlightStates, sqlList, startableStates } from "../from-states.ts";
import type { NodeReportBatch, RecordedReports, RunTransition } from "../reports.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

/** See `Batches.recordReports`. Starts come first: a run may start and end within one flush. */
export async function recordReports(
  client: Queryable,
  batches: readonly NodeReportBatch[],
): Promise<RecordedReports> {
  const started = await recordStarts(client, batches);
  const ended = await recordResults(client, batches);
  // A result that changed nothing is late, or foreign, or repeated; this is rare, so it costs a statement of its own.
  const resultCount = batches.reduce((sum, { results }) => sum + results.length, 0);
  const late = ended.length < resultCount ? await keepLateResults(client, batches) : [];
  return { transitions: [...started, ...ended], late };
}

async function recordStarts(
  client: Queryable,
  batches: readonly NodeReportBatch[],
): Promise<RunTransition[]> {
  const reports = batches
    .flatMap(({ nodeId, now, started }) => started.map((report) => ({ ...report, nodeId, now })))
    .sort(byRunId);
  if (reports.length === 0) return [];
  // Unique index on runs.id, then the primary keys of runs and instances.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT run.seq, run.status, report.at, report.now
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
        AS report (run_id, token, node_id, at, now), ${lockedRun}
      WHERE run.status IN (${sqlList(startableStates)}))
    UPDATE runs SET status = 'running', started_at = claimed.at, updated_at = claimed.now
    FROM claimed, instances
    WHERE runs.seq = claimed.seq AND instances.seq = runs.instance_seq
    RETURNING ${transitionColumns}`;
  return await queryRows(client, {
    text,
    values: [...keysOf(reports), reports.map(({ at }) => at), reports.map(({ now }) => now)],
  });
}

async function recordResults(
  client: Queryable,
  batches: readonly NodeReportBatch[],
): Promise<RunTransition[]> {
  const reports = resultsOf(batches);
  if (reports.length === 0) return [];
  // Unique index on runs.id, then the primary keys of runs and instances.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT run.seq, run.status, report.status AS outcome, report.reason, report.started_at, report.finished_at,
        report.now
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
        AS report (run_id, token, node_id, status, reason, started_at, finished_at, now), ${lockedRun}
      WHERE run.status IN (${sqlList(inFlightStates)}))
    UPDATE runs SET status = claimed.outcome, reason = claimed.reason,
      started_at = COALESCE(claimed.started_at, runs.started_at), finished_at = claimed.finished_at,
      updated_at = claimed.now
    FROM claimed, instances
    WHERE runs.seq = claimed.seq AND instances.seq = runs.instance_seq
    RETURNING ${transitionColumns}`;
  return await queryRows(client, {
    text,
    values: [
      ...keysOf(reports),
      reports.map(({ status }) => status),
      reports.map(({ reason }) => reason),
      reports.map(({ startedAt }) => startedAt),
      reports.map(({ finishedAt }) => finishedAt),
      reports.map(({ now }) => now),
    ],
  });
}

async function keepLateResults(
  client: Queryable,
  batches: readonly NodeReportBatch[],
): Promise<string[]> {
  const reports = resultsOf(batches);
  // Unique index on runs.id, then the primary key. The row lock makes a second late result see the first.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT run.seq, report.status, report.now
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
        AS report (run_id, token, node_id, status, now), ${lockedRun}
      WHERE run.finished_at IS NOT NULL AND run.status <> report.status AND run.reported_status IS NULL)
    UPDATE runs SET reported_status = claimed.status, reported_at = claimed.now, updated_at = claimed.now
    FROM claimed WHERE runs.seq = claimed.seq
    RETURNING runs.id`;
  const rows = await queryRows<{ id: string }>(client, {
    text,
    values: [
      ...keysOf(reports),
      reports.map(({ status }) => status),
      reports.map(({ now }) => now),
    ],
  });
  return rows.map(({ id }) => id);
}

/** The node's own run that a report is about. LATERAL makes the planner look up each by its id, in the report's order. */
const lockedRun = `LATERAL (
        SELECT seq, status, finished_at, reported_status FROM runs
        WHERE id = report.run_id AND token = report.token AND node_id = report.node_id FOR UPDATE) AS run`;

const transitionColumns = `runs.id AS "runId", instances.id AS "instanceId", runs.group_number AS "groupNumber",
      claimed.status AS previous, runs.status`;

type Result = NodeReportBatch["results"][number] & Pick<NodeReportBatch, "nodeId" | "now">;

function resultsOf(batches: readonly NodeReportBatch[]): Result[] {
  return batches
    .flatMap(({ nodeId, now, results }) => results.map((report) => ({ ...report, nodeId, now })))
    .sort(byRunId);
}

/** Everyone locks runs in the order of their ids. */
function byRunId(left: { readonly runId: string }, right: { readonly runId: string }): number {
  return left.runId < right.runId ? -1 : 1;
}

function keysOf(
  reports: readonly Pick<Result, "runId" | "token" | "nodeId">[],
): [string[], number[], string[]] {
  return [
    reports.map(({ runId }) => runId),
    reports.map(({ token }) => token),
    reports.map(({ nodeId }) => nodeId),
  ];
}
