import type { OutputStream } from "@courier/protocol";
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

/** Stores output of the nodes' own runs; a piece that is there already (run, step, attempt, stream, offset) is left as it is. */
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
