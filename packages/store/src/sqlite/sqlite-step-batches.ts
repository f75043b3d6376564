import { openStepStates, sqlList } from "../from-states.ts";
import { type NewOutputChunk, type NodeOutputBatch, restAfter } from "../output.ts";
import type { StepUpsert } from "../steps.ts";
import { artifactsText } from "../tables/steps-table.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** See `Batches.upsertSteps`. */
export function upsertSteps(connection: SqliteConnection, rows: readonly StepUpsert[]): void {
  // Unique index on runs.id, primary key of steps. Without a node id the caller has checked the owner.
  const upsert = connection.prepare(
    `INSERT INTO steps (run_seq, step_number, status, attempt_count, exit_code, reason, interpreter_path,
       interpreter_version, started_at, finished_at, output_bytes, output_dropped_bytes, updated_at, inputs,
       outputs, artifacts)
     SELECT seq, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ? AND node_id = COALESCE(?, node_id)
     ON CONFLICT (run_seq, step_number) DO UPDATE SET status = excluded.status,
       attempt_count = excluded.attempt_count, exit_code = excluded.exit_code, reason = excluded.reason,
       interpreter_path = excluded.interpreter_path, interpreter_version = excluded.interpreter_version,
       started_at = excluded.started_at, finished_at = excluded.finished_at, output_bytes = excluded.output_bytes,
       output_dropped_bytes = excluded.output_dropped_bytes, updated_at = excluded.updated_at,
       inputs = excluded.inputs, outputs = excluded.outputs, artifacts = excluded.artifacts
     WHERE steps.status IN (${sqlList(openStepStates)})`,
  );
  for (const row of rows) {
    upsert.run(
      row.stepNumber,
      row.status,
      row.attemptCount,
      row.exitCode,
      row.reason,
      row.interpreterPath,
      row.interpreterVersion,
      row.startedAt,
      row.finishedAt,
      row.outputBytes,
      row.outputDroppedBytes,
      row.updatedAt,
      row.inputs ?? "",
      row.outputs ?? "",
      artifactsText(row.artifacts),
      row.runId,
      row.nodeId ?? null,
    );
  }
}

/** See `Batches.appendOutput`. */
export function appendOutput(
  connection: SqliteConnection,
  batches: readonly NodeOutputBatch[],
): void {
  // Unique index on runs.id, unique index of output_chunks.
  const insert = connection.prepare(
    `INSERT INTO output_chunks (run_seq, step_number, attempt, stream, byte_offset, data, received_at)
     SELECT seq, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ? AND token = ? AND node_id = ?
     ON CONFLICT (run_seq, step_number, attempt, stream, byte_offset) DO NOTHING`,
  );
  const append = (nodeId: string, now: number, chunk: NewOutputChunk): void => {
    let rest: NewOutputChunk | undefined = chunk;
    while (rest !== undefined) {
      const { stepNumber, attempt, stream, offset, data, runId, token } = rest;
      const values = [stepNumber, attempt, stream, offset, data, now, runId, token, nodeId];
      if (Number(insert.run(...values).changes) > 0) return;
      rest = restAfter(rest, storedBytes(connection, rest));
    }
  };
  for (const { nodeId, now, chunks } of batches) {
    for (const chunk of chunks) append(nodeId, now, chunk);
  }
}

/** Size of the piece that begins where this one does; undefined when there is none. */
function storedBytes(connection: SqliteConnection, chunk: NewOutputChunk): number | undefined {
  // Unique index on runs.id, unique index of output_chunks.
  const find = connection.prepare(
    `SELECT length(data) AS bytes FROM output_chunks
     WHERE run_seq = (SELECT seq FROM runs WHERE id = ?) AND step_number = ? AND attempt = ? AND stream = ?
       AND byte_offset = ?`,
  );
  const { runId, stepNumber, attempt, stream, offset } = chunk;
  const [row] = find.all(runId, stepNumber, attempt, stream, offset);
  // The column is an integer, and there is a row or none.
  return (row as { readonly bytes: number } | undefined)?.bytes;
}
