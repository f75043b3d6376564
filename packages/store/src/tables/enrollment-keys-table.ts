import type { Insertable } from "kysely";
import type { EnrollmentKeyRow } from "../enrollment.ts";
import type { Columns } from "./columns.ts";

/** Table `enrollment_keys`. */
export interface EnrollmentKeysTable {
  id: string;
  hash: string;
  prefix: string;
  expires_at: number;
  uses_left: number;
  created_at: number;
  created_by: string;
  cohort_id: string | null;
}

/** Columns of `enrollment_keys`. */
export const enrollmentKeysColumns: Columns<EnrollmentKeysTable> = {
  id: "text",
  hash: "text",
  prefix: "text",
  expires_at: "integer",
  uses_left: "integer",
  created_at: "integer",
  created_by: "text",
  cohort_id: "text?",
};

/** A key as the database takes it. */
export function fromEnrollmentKeyRow(row: EnrollmentKeyRow): Insertable<EnrollmentKeysTable> {
  return {
    id: row.id,
    hash: row.hash,
    prefix: row.prefix,
    expires_at: row.expiresAt,
    uses_left: row.usesLeft,
    created_at: row.createdAt,
    created_by: row.createdBy,
    cohort_id: row.cohortId ?? null,
  };
}
