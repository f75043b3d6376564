import type { InstanceStatus } from "@courier/core";
import type { Generated, Selectable, Updateable } from "kysely";
import type { InstanceChange, InstanceRow } from "../instances.ts";
import type { Columns } from "./columns.ts";

/** Table `instances`. `seq` stands for the instance in the tables below it. */
export interface InstancesTable {
  seq: Generated<number>;
  id: string;
  job_id: string;
  nominal_at: number;
  status: InstanceStatus;
  reason: string;
  execution_type: "sequential" | "parallel";
  action_spec: string;
  target_spec: string;
  job_name: string;
  created_at: number;
  updated_at: number;
  started_at: number | null;
  finished_at: number | null;
  last_updated_by: string;
  cancel_requested_at: number | null;
  origin_instance_id: string | null;
  paused_at: number | null;
  from_step: number | null;
}

/** An instance before the database has given it its `seq`. */
export type AddedInstance = Omit<Selectable<InstancesTable>, "seq">;

/** Columns of `instances`. */
export const instancesColumns: Columns<InstancesTable> = {
  seq: "integer",
  id: "text",
  job_id: "text",
  nominal_at: "integer",
  status: "text",
  reason: "text",
  execution_type: "text",
  action_spec: "text",
  target_spec: "text",
  job_name: "text",
  created_at: "integer",
  updated_at: "integer",
  started_at: "integer?",
  finished_at: "integer?",
  last_updated_by: "text",
  cancel_requested_at: "integer?",
  origin_instance_id: "text?",
  paused_at: "integer?",
  from_step: "integer?",
};

const { seq: _seq, ...added } = instancesColumns;

/** Columns of an instance before the database has given it its `seq`. */
export const addedInstanceColumns: Columns<AddedInstance> = added;

/** An instance as the database returns it. */
export function toInstanceRow(row: Selectable<InstancesTable>): InstanceRow {
  return {
    id: row.id,
    jobId: row.job_id,
    nominalAt: row.nominal_at,
    status: row.status,
    reason: row.reason,
    executionType: row.execution_type,
    actionSpec: row.action_spec,
    targetSpec: row.target_spec,
    jobName: row.job_name,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    lastUpdatedBy: row.last_updated_by,
    cancelRequestedAt: row.cancel_requested_at,
    originInstanceId: row.origin_instance_id,
    pausedAt: row.paused_at,
    fromStep: row.from_step,
  };
}

/** An instance as the database takes it. */
export function fromInstanceRow(row: InstanceRow): AddedInstance {
  return {
    id: row.id,
    job_id: row.jobId,
    nominal_at: row.nominalAt,
    status: row.status,
    reason: row.reason,
    execution_type: row.executionType,
    action_spec: row.actionSpec,
    target_spec: row.targetSpec,
    job_name: row.jobName,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    started_at: row.startedAt,
    finished_at: row.finishedAt,
    last_updated_by: row.lastUpdatedBy,
    cancel_requested_at: row.cancelRequestedAt,
    origin_instance_id: row.originInstanceId,
    paused_at: row.pausedAt,
    from_step: row.fromStep,
  };
}

/** A change as the database takes it; columns that stay are undefined, which Kysely leaves out. */
export function fromInstanceChange(change: InstanceChange): Updateable<InstancesTable> {
  return {
    status: change.status,
    reason: change.reason,
    started_at: change.startedAt,
    finished_at: change.finishedAt,
    cancel_requested_at: change.cancelRequestedAt,
    paused_at: change.pausedAt,
    last_updated_by: change.lastUpdatedBy,
  };
}
