import type { Columns } from "./columns.ts";

/** Table `evidence_chunks`: the bytes of archives, where they are not files. */
export interface EvidenceChunksTable {
  archive: string;
  byte_offset: number;
  data: Uint8Array;
  received_at: number;
}

/** Columns of `evidence_chunks`. */
export const evidenceChunksColumns: Columns<EvidenceChunksTable> = {
  archive: "text",
  byte_offset: "integer",
  data: "blob",
  received_at: "integer",
};
