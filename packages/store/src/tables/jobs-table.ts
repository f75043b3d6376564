import type { JobStatus } from "@courier/core";
import type { Generated, Insertable, Selectable } from "kysely";
import type { JobRow } from "../jobs.ts";
import type { Columns } from "./columns.ts";

/** Table `jobs`. */
export interface JobsTable {
  seq: Generated<number>;
  id: string;
  name: string;
  description: string;
  status: JobStatus;
  template: string;
  schedule_rule: string;
  next_execution_at: number | null;
  queued_at: number | null;
  created_at: number;
  updated_at: number;
  created_by: string;
}

/** Columns of `jobs`. */
export const jobsColumns: Columns<JobsTable> = {
  seq: "integer",
  id: "text",
  name: "text",
  description: "text",
  status: "text",
  template: "text",
  schedule_rule: "text",
  next_execution_at: "integer?",
  queued_at: "integer?",
  created_at: "integer",
  updated_at: "integer",
  created_by: "text",
};

/** A job as the database returns it. */
export function toJobRow(row: Selectable<JobsTable>): JobRow {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    status: row.status,
    template: row.template,
    scheduleRule: row.schedule_rule,
    nextExecutionAt: row.next_execution_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  };
}

/** A job as the database takes it. */
export function fromJobRow(row: JobRow): Insertable<JobsTable> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    status: row.status,
    template: row.template,
    schedule_rule: row.scheduleRule,
    next_execution_at: row.nextExecutionAt,
    queued_at: null,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    created_by: row.createdBy,
  };
}
