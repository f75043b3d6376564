import type { JobStatus } from "@courier/core";
import type { Generated, Insertable, Selectable, Updateable } from "kysely";
import type { JobChange } from "../job-changes.ts";
import type { JobRow, NewJobRow } from "../jobs.ts";
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
  version: Generated<number>;
  updated_by: Generated<string>;
  anchored_at: number | null;
  blocked: Generated<string>;
  exceptions_version: Generated<number>;
  review_at: number | null;
  deleted_at: number | null;
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
  version: "integer",
  updated_by: "text",
  anchored_at: "integer?",
  blocked: "text",
  exceptions_version: "integer",
  review_at: "integer?",
  deleted_at: "integer?",
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
    queuedAt: row.queued_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    version: row.version,
    anchoredAt: row.anchored_at ?? row.created_at,
    blocked: row.blocked,
    exceptionsVersion: row.exceptions_version,
    reviewAt: row.review_at,
  };
}

/** What of a job changes, as the database takes it. */
export function fromJobChange(change: JobChange): Updateable<JobsTable> {
  return Object.fromEntries(
    Object.entries(change).map(([name, value]) => [changeColumns[name as keyof JobChange], value]),
  );
}

const changeColumns = {
  name: "name",
  description: "description",
  status: "status",
  template: "template",
  scheduleRule: "schedule_rule",
  nextExecutionAt: "next_execution_at",
  queuedAt: "queued_at",
  updatedBy: "updated_by",
  anchoredAt: "anchored_at",
  blocked: "blocked",
  exceptionsVersion: "exceptions_version",
  reviewAt: "review_at",
  deletedAt: "deleted_at",
} as const satisfies Record<keyof JobChange, keyof JobsTable>;

/** A job as the database takes it. */
export function fromJobRow(row: NewJobRow): Insertable<JobsTable> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    status: row.status,
    template: row.template,
    schedule_rule: row.scheduleRule,
    next_execution_at: row.nextExecutionAt,
    queued_at: row.queuedAt ?? null,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    created_by: row.createdBy,
    version: row.version ?? 1,
    updated_by: row.updatedBy ?? row.createdBy,
    anchored_at: row.anchoredAt ?? row.createdAt,
    blocked: row.blocked ?? "[]",
    exceptions_version: row.exceptionsVersion ?? 0,
    review_at: row.reviewAt ?? null,
    deleted_at: null,
  };
}
