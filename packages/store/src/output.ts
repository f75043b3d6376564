import type { OutputStream } from "@courier/protocol";
import { sql } from "kysely";
import type { Db } from "./database.ts";
import { atomically, reading } from "./handle.ts";
import { seqOfRun } from "./steps.ts";
import { toOutputRow } from "./tables/output-chunks-table.ts";

/** A piece of output to store. */
export interface NewOutputChunk {
  readonly runId: string;
  readonly token: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: OutputStream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Output that one node sent within one flush. */
export interface NodeOutputBatch {
  readonly nodeId: string;
  readonly now: number;
  readonly chunks: readonly NewOutputChunk[];
}

/** A stored piece of output. */
export interface OutputRow {
  /** Order of arrival; the cursor for `after`. */
  readonly seq: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: OutputStream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Stores output of the nodes' own runs. A piece that is there already (run, step, attempt, stream, offset) is left as it
 * is, and of a longer one that begins with it the rest is stored: a node that was not answered sends again from the same
 * offset, but by then the step may have written more.
 */
export async function appendOutput(tx: Db, batches: readonly NodeOutputBatch[]): Promise<void> {
  if (batches.length === 0) return;
  await atomically(tx, async (handle) => await handle.batches.appendOutput(batches));
}

/** Output of a run in order of arrival, after the piece with seq `after`. */
export async function listOutput(
  db: Db,
  options: {
    readonly runId: string;
    readonly stepNumber?: number;
    readonly after?: number;
    readonly limit: number;
  },
): Promise<{ readonly items: readonly OutputRow[] }> {
  const { stepNumber, after } = options;
  // Unique index on runs.id, index output_chunks_by_arrival.
  const rows = await reading(db)
    .selectFrom("output_chunks")
    .select(["seq", "step_number", "attempt", "stream", "byte_offset", "data"])
    .where("run_seq", "=", seqOfRun(options.runId))
    .$if(stepNumber !== undefined, (query) => query.where("step_number", "=", stepNumber ?? 0))
    .where("seq", ">", after ?? 0)
    .orderBy("seq")
    .limit(options.limit)
    .execute();
  return { items: rows.map(toOutputRow) };
}

/** One stream of one attempt. */
export interface AttemptStream {
  readonly runId: string;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: OutputStream;
}

/** Where a stored piece of output begins, and its size in bytes. */
export interface OutputExtent {
  readonly offset: number;
  readonly bytes: number;
}

/** Which pieces of a stream are stored, in order; without their bytes. */
export async function listOutputExtents(
  db: Db,
  { runId, stepNumber, attempt, stream }: AttemptStream,
): Promise<OutputExtent[]> {
  // Unique index on runs.id, unique index of output_chunks.
  const rows = await reading(db)
    .selectFrom("output_chunks")
    .select(["byte_offset", sql<number>`length(data)`.as("bytes")])
    .where("run_seq", "=", seqOfRun(runId))
    .where("step_number", "=", stepNumber)
    .where("attempt", "=", attempt)
    .where("stream", "=", stream)
    .orderBy("byte_offset")
    .execute();
  return rows.map(({ byte_offset, bytes }) => ({ offset: byte_offset, bytes: Number(bytes) }));
}

/** The bytes of the piece that begins at an offset; undefined when it is gone. */
export async function readOutputPiece(
  db: Db,
  { runId, stepNumber, attempt, stream, offset }: AttemptStream & { readonly offset: number },
): Promise<Uint8Array | undefined> {
  // Unique index on runs.id, unique index of output_chunks.
  const row = await reading(db)
    .selectFrom("output_chunks")
    .select("data")
    .where("run_seq", "=", seqOfRun(runId))
    .where("step_number", "=", stepNumber)
    .where("attempt", "=", attempt)
    .where("stream", "=", stream)
    .where("byte_offset", "=", offset)
    .executeTakeFirst();
  return row?.data;
}

/** What is left of a piece of which the first `storedBytes` are there; undefined when that is nothing. */
export function restAfter(
  chunk: NewOutputChunk,
  storedBytes: number | undefined,
): NewOutputChunk | undefined {
  if (storedBytes === undefined || storedBytes === 0 || storedBytes >= chunk.data.length) {
    return undefined;
  }
  const offset = chunk.offset + storedBytes;
  return { ...chunk, offset, data: chunk.data.subarray(storedBytes) };
}
