import type { OutputStream } from "@courier/protocol";
import type { Db } from "./database.ts";

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
export declare function appendOutput(tx: Db, batches: readonly NodeOutputBatch[]): Promise<void>;

/** Output of a run in order of arrival, after the piece with seq `after`. */
export declare function listOutput(
  db: Db,
  options: {
    readonly runId: string;
    readonly stepNumber?: number;
    readonly after?: number;
    readonly limit: number;
  },
): Promise<{ readonly items: readonly OutputRow[] }>;
