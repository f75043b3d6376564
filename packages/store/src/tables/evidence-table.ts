import type { Selectable } from "kysely";
import type { EvidenceRow } from "../evidence.ts";
import type { Columns } from "./columns.ts";

/** Table `evidence`: archives that are complete. */
export interface EvidenceTable {
  run_seq: number;
  step_number: number;
  attempt: number;
  archive: string;
  sha256: string;
  size_bytes: number;
  stored_at: number;
}

/** Columns of `evidence`. */
export const evidenceColumns: Columns<EvidenceTable> = {
  run_seq: "integer",
  step_number: "integer",
  attempt: "integer",
  archive: "text",
  sha256: "text",
  size_bytes: "integer",
  stored_at: "integer",
};

/** An archive as the database returns it. */
export function toEvidenceRow(row: Omit<Selectable<EvidenceTable>, "run_seq">): EvidenceRow {
  return {
    stepNumber: row.step_number,
    attempt: row.attempt,
    archive: row.archive,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    storedAt: row.stored_at,
  };
}
