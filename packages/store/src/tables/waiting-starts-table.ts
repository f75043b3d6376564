import type { Generated, Insertable, Selectable } from "kysely";
import type { WaitingStart } from "../waiting-starts.ts";
import type { Columns } from "./columns.ts";

/** Table `waiting_starts`. */
export interface WaitingStartsTable {
  seq: Generated<number>;
  id: string;
  job_id: string;
  nominal_at: number;
  asked_by: string;
  ignores_exceptions: number;
  not_before: number | null;
  reason: string;
  created_at: number;
}

/** Columns of `waiting_starts`. */
export const waitingStartsColumns: Columns<WaitingStartsTable> = {
  seq: "integer",
  id: "text",
  job_id: "text",
  nominal_at: "integer",
  asked_by: "text",
  ignores_exceptions: "integer",
  not_before: "integer?",
  reason: "text",
  created_at: "integer",
};

/** A waiting start as the database returns it. */
export function toWaitingStart(row: Selectable<WaitingStartsTable>): WaitingStart {
  return {
    id: row.id,
    jobId: row.job_id,
    nominalAt: row.nominal_at,
    askedBy: row.asked_by,
    ignoresExceptions: row.ignores_exceptions === 1,
    notBefore: row.not_before,
    reason: row.reason,
    createdAt: row.created_at,
  };
}

/** A waiting start as the database takes it. */
export function fromWaitingStart(row: WaitingStart): Insertable<WaitingStartsTable> {
  return {
    id: row.id,
    job_id: row.jobId,
    nominal_at: row.nominalAt,
    asked_by: row.askedBy,
    ignores_exceptions: row.ignoresExceptions ? 1 : 0,
    not_before: row.notBefore,
    reason: row.reason,
    created_at: row.createdAt,
  };
}
