import type { Generated, Insertable, Selectable } from "kysely";
import type { MissedOccurrences } from "../missed-occurrences.ts";
import type { Columns } from "./columns.ts";

/** Table `missed_occurrences`. */
export interface MissedOccurrencesTable {
  seq: Generated<number>;
  job_id: string;
  cause: MissedOccurrences["cause"];
  reason: string;
  first_at: number;
  last_at: number;
  occurrence_count: number;
  recorded_at: number;
}

/** Columns of `missed_occurrences`. */
export const missedOccurrencesColumns: Columns<MissedOccurrencesTable> = {
  seq: "integer",
  job_id: "text",
  cause: "text",
  reason: "text",
  first_at: "integer",
  last_at: "integer",
  occurrence_count: "integer",
  recorded_at: "integer",
};

/** A record as the database returns it. */
export function toMissedOccurrences(row: Selectable<MissedOccurrencesTable>): MissedOccurrences {
  return {
    jobId: row.job_id,
    cause: row.cause,
    reason: row.reason,
    firstAt: row.first_at,
    lastAt: row.last_at,
    count: row.occurrence_count,
    recordedAt: row.recorded_at,
  };
}

/** A record as the database takes it. */
export function fromMissedOccurrences(row: MissedOccurrences): Insertable<MissedOccurrencesTable> {
  return {
    job_id: row.jobId,
    cause: row.cause,
    reason: row.reason,
    first_at: row.firstAt,
    last_at: row.lastAt,
    occurrence_count: row.count,
    recorded_at: row.recordedAt,
  };
}
