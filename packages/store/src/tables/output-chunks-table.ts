import type { OutputStream } from "@courier/protocol";
import type { Generated, Selectable } from "kysely";
import type { OutputRow } from "../output.ts";
import type { Columns } from "./columns.ts";

/** Table `output_chunks`. `seq` is the order of arrival. */
export interface OutputChunksTable {
  seq: Generated<number>;
  run_seq: number;
  step_number: number;
  attempt: number;
  stream: OutputStream;
  byte_offset: number;
  data: Uint8Array;
  received_at: number;
}

/** Columns of `output_chunks`. */
export const outputChunksColumns: Columns<OutputChunksTable> = {
  seq: "integer",
  run_seq: "integer",
  step_number: "integer",
  attempt: "integer",
  stream: "text",
  byte_offset: "integer",
  data: "blob",
  received_at: "integer",
};

/** A piece of output as the database returns it; bytes are a plain Uint8Array on both databases. */
export function toOutputRow(
  row: Omit<Selectable<OutputChunksTable>, "run_seq" | "received_at">,
): OutputRow {
  return {
    seq: row.seq,
    stepNumber: row.step_number,
    attempt: row.attempt,
    stream: row.stream,
    offset: row.byte_offset,
    data: new Uint8Array(row.data.buffer, row.data.byteOffset, row.data.byteLength),
  };
}
