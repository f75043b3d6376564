import { openStepStates, sqlList } from "../from-states.ts";
import { type NewOutputChunk, type NodeOutputBatch, restAfter } from "../output.ts";
import type { StepUpsert } from "../steps.ts";
import { artifactsText } from "../tables/steps-table.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

/** See `Batches.upsertSteps`. */
export async function upsertSteps(
  client: Queryable,
  unsorted: readonly StepUpsert[],
): Promise<void> {
  // Everyone writes steps in one order, so that two batches cannot deadlock.
  const rows = unsorted.toSorted(byRunAndNumber);
  // Unique index on runs.id, primary key of steps. Without a node id the caller has checked the owner.
  const text = `
    INSERT INTO steps (run_seq, step_number, status, attempt_count, exit_code, reason, interpreter_path,
      interpreter_version, started_at, finished_at, output_bytes, output_dropped_bytes, updated_at, inputs, outputs,
      artifacts)
    SELECT run.seq, step.number, step.status, step.attempt_count, step.exit_code, step.reason, step.interpreter_path,
      step.interpreter_version, step.started_at, step.finished_at, step.output_bytes, step.output_dropped_bytes,
      step.updated_at, step.inputs, step.outputs, step.artifacts
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
      $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[],
      $16::text[], $17::text[])
      AS step (run_id, node_id, number, status, attempt_count, exit_code, reason, interpreter_path, interpreter_version,
        started_at, finished_at, output_bytes, output_dropped_bytes, updated_at, inputs, outputs,
        artifacts)
    CROSS JOIN LATERAL (
      SELECT seq FROM runs WHERE id = step.run_id AND node_id = COALESCE(step.node_id, node_id) LIMIT 1) AS run
    ON CONFLICT (run_seq, step_number) DO UPDATE SET status = excluded.status,
      attempt_count = excluded.attempt_count, exit_code = excluded.exit_code, reason = excluded.reason,
      interpreter_path = excluded.interpreter_path, interpreter_version = excluded.interpreter_version,
      started_at = excluded.started_at, finished_at = excluded.finished_at, output_bytes = excluded.output_bytes,
      output_dropped_bytes = excluded.output_dropped_bytes, updated_at = excluded.updated_at,
      inputs = excluded.inputs, outputs = excluded.outputs, artifacts = excluded.artifacts
    WHERE steps.status IN (${sqlList(openStepStates)})`;
  await queryRows(client, {
    text,
    values: [
      rows.map(({ runId }) => runId),
      rows.map(({ nodeId }) => nodeId ?? null),
      rows.map(({ stepNumber }) => stepNumber),
      rows.map(({ status }) => status),
      rows.map(({ attemptCount }) => attemptCount),
      rows.map(({ exitCode }) => exitCode),
      rows.map(({ reason }) => reason),
      rows.map(({ interpreterPath }) => interpreterPath),
      rows.map(({ interpreterVersion }) => interpreterVersion),
      rows.map(({ startedAt }) => startedAt),
      rows.map(({ finishedAt }) => finishedAt),
      rows.map(({ outputBytes }) => outputBytes),
      rows.map(({ outputDroppedBytes }) => outputDroppedBytes),
      rows.map(({ updatedAt }) => updatedAt),
      rows.map(({ inputs = "" }) => inputs),
      rows.map(({ outputs = "" }) => outputs),
      rows.map(({ artifacts }) => artifactsText(artifacts)),
    ],
  });
}

function byRunAndNumber(left: StepUpsert, right: StepUpsert): number {
  if (left.runId !== right.runId) return left.runId < right.runId ? -1 : 1;
  return left.stepNumber - right.stepNumber;
}

/** See `Batches.appendOutput`. */
export async function appendOutput(
  client: Queryable,
  batches: readonly NodeOutputBatch[],
): Promise<void> {
  const chunks: readonly OwnedChunk[] = batches.flatMap(({ nodeId, now, chunks: own }) =>
    own.map((chunk) => ({ ...chunk, nodeId, now })),
  );
  if (chunks.length === 0) return;
  const inserted = await insertOutput(client, chunks);
  if (inserted.length === chunks.length) return;
  // Some were sent again. Rare; one by one, because the rest of a piece comes before the pieces behind it.
  await client.query({ text: "DELETE FROM output_chunks WHERE seq = ANY($1)", values: [inserted] });
  for (const chunk of chunks) await appendChunk(client, chunk);
}

async function appendChunk(client: Queryable, chunk: OwnedChunk): Promise<void> {
  let rest: readonly OwnedChunk[] = [chunk];
  while (rest.length > 0) {
    const inserted = await insertOutput(client, rest);
    if (inserted.length > 0) return;
    rest = await restOfStored(client, rest);
  }
}

interface OwnedChunk extends NewOutputChunk {
  readonly nodeId: string;
  readonly now: number;
}

/** Returns the seq of each that is new. */
async function insertOutput(
  client: Queryable,
  chunks: readonly OwnedChunk[],
): Promise<readonly number[]> {
  // Unique index on runs.id, unique index of output_chunks. The order of the batch is the order of arrival.
  const text = `
    INSERT INTO output_chunks (run_seq, step_number, attempt, stream, byte_offset, data, received_at)
    SELECT run.seq, chunk.step_number, chunk.attempt, chunk.stream, chunk.byte_offset, chunk.data, chunk.now
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
      $8::bytea[], $9::bigint[]) WITH ORDINALITY
      AS chunk (run_id, token, node_id, step_number, attempt, stream, byte_offset, data, now, place)
    CROSS JOIN LATERAL (
      SELECT seq FROM runs WHERE id = chunk.run_id AND token = chunk.token AND node_id = chunk.node_id LIMIT 1) AS run
    ORDER BY chunk.place
    ON CONFLICT (run_seq, step_number, attempt, stream, byte_offset) DO NOTHING
    RETURNING seq`;
  const inserted = await queryRows<{ readonly seq: number }>(client, {
    text,
    values: [
      chunks.map(({ runId }) => runId),
      chunks.map(({ token }) => token),
      chunks.map(({ nodeId }) => nodeId),
      chunks.map(({ stepNumber }) => stepNumber),
      chunks.map(({ attempt }) => attempt),
      chunks.map(({ stream }) => stream),
      chunks.map(({ offset }) => offset),
      chunks.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      chunks.map(({ now }) => now),
    ],
  });
  return inserted.map(({ seq }) => seq);
}

/** What is left of the pieces of which something shorter is stored at the same offset. */
async function restOfStored(
  client: Queryable,
  chunks: readonly OwnedChunk[],
): Promise<readonly OwnedChunk[]> {
  // Unique index on runs.id, unique index of output_chunks.
  const text = `
    SELECT chunk.place, stored.bytes
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
      WITH ORDINALITY AS chunk (run_id, token, node_id, step_number, attempt, stream, byte_offset, place)
    CROSS JOIN LATERAL (
      SELECT seq FROM runs WHERE id = chunk.run_id AND token = chunk.token AND node_id = chunk.node_id LIMIT 1) AS run
    CROSS JOIN LATERAL (
      SELECT length(data) AS bytes FROM output_chunks
      WHERE run_seq = run.seq AND step_number = chunk.step_number AND attempt = chunk.attempt
        AND stream = chunk.stream AND byte_offset = chunk.byte_offset LIMIT 1) AS stored`;
  const rows = await queryRows<{ readonly place: number; readonly bytes: number }>(client, {
    text,
    values: [
      chunks.map(({ runId }) => runId),
      chunks.map(({ token }) => token),
      chunks.map(({ nodeId }) => nodeId),
      chunks.map(({ stepNumber }) => stepNumber),
      chunks.map(({ attempt }) => attempt),
      chunks.map(({ stream }) => stream),
      chunks.map(({ offset }) => offset),
    ],
  });
  return rows.flatMap(({ place, bytes }) => {
    const chunk = chunks[place - 1];
    const rest = chunk === undefined ? undefined : restAfter(chunk, bytes);
    return chunk === undefined || rest === undefined ? [] : [{ ...chunk, ...rest }];
  });
}
