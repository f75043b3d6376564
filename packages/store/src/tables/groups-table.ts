import type { GroupStatus, RunCounts } from "@courier/core";
import type { Selectable, Updateable } from "kysely";
import type { GroupChange, GroupRow } from "../groups.ts";
import type { Columns } from "./columns.ts";

/** Table `groups`. */
export interface GroupsTable {
  instance_seq: number;
  group_number: number;
  status: GroupStatus;
  reason: string;
  node_count: number;
  spec: string;
  cursor_position: number;
  batch_end: number;
  halt_reason: string;
  started_at: number | null;
  deadline_at: number | null;
  soak_until: number | null;
  held_at: number | null;
  finished_at: number | null;
  in_flight_count: number;
  success_count: number;
  failure_count: number;
  timeout_count: number;
  canceled_count: number;
  skipped_count: number;
  undeliverable_count: number;
  unknown_count: number;
}

/** Columns of `groups`. */
export const groupsColumns: Columns<GroupsTable> = {
  instance_seq: "integer",
  group_number: "integer",
  status: "text",
  reason: "text",
  node_count: "integer",
  spec: "text",
  cursor_position: "integer",
  batch_end: "integer",
  halt_reason: "text",
  started_at: "integer?",
  deadline_at: "integer?",
  soak_until: "integer?",
  held_at: "integer?",
  finished_at: "integer?",
  in_flight_count: "integer",
  success_count: "integer",
  failure_count: "integer",
  timeout_count: "integer",
  canceled_count: "integer",
  skipped_count: "integer",
  undeliverable_count: "integer",
  unknown_count: "integer",
};

/** The counters' columns. */
export const countColumns: Readonly<Record<keyof RunCounts, keyof GroupsTable>> = {
  inFlight: "in_flight_count",
  success: "success_count",
  failure: "failure_count",
  timeout: "timeout_count",
  canceled: "canceled_count",
  skipped: "skipped_count",
  undeliverable: "undeliverable_count",
  unknown: "unknown_count",
};

/** A group as the database returns it, with its instance's id. */
export function toGroupRow(row: Selectable<GroupsTable> & { instance_id: string }): GroupRow {
  return {
    instanceId: row.instance_id,
    groupNumber: row.group_number,
    status: row.status,
    reason: row.reason,
    nodeCount: row.node_count,
    spec: row.spec,
    cursor: row.cursor_position,
    batchEnd: row.batch_end,
    haltReason: row.halt_reason,
    startedAt: row.started_at,
    deadlineAt: row.deadline_at,
    soakUntil: row.soak_until,
    heldAt: row.held_at,
    finishedAt: row.finished_at,
    counts: toRunCounts(row),
  };
}

function toRunCounts(row: Selectable<GroupsTable>): RunCounts {
  return {
    inFlight: row.in_flight_count,
    success: row.success_count,
    failure: row.failure_count,
    timeout: row.timeout_count,
    canceled: row.canceled_count,
    skipped: row.skipped_count,
    undeliverable: row.undeliverable_count,
    unknown: row.unknown_count,
  };
}

/** A group as the database takes it. */
export function fromGroupRow(row: GroupRow, instanceSeq: number): GroupsTable {
  return {
    instance_seq: instanceSeq,
    group_number: row.groupNumber,
    status: row.status,
    reason: row.reason,
    node_count: row.nodeCount,
    spec: row.spec,
    cursor_position: row.cursor,
    batch_end: row.batchEnd,
    halt_reason: row.haltReason,
    started_at: row.startedAt,
    deadline_at: row.deadlineAt,
    soak_until: row.soakUntil,
    held_at: row.heldAt,
    finished_at: row.finishedAt,
    in_flight_count: row.counts.inFlight,
    success_count: row.counts.success,
    failure_count: row.counts.failure,
    timeout_count: row.counts.timeout,
    canceled_count: row.counts.canceled,
    skipped_count: row.counts.skipped,
    undeliverable_count: row.counts.undeliverable,
    unknown_count: row.counts.unknown,
  };
}

/** A change as the database takes it; columns that stay are undefined, which Kysely leaves out. */
export function fromGroupChange(change: GroupChange): Updateable<GroupsTable> {
  return {
    status: change.status,
    reason: change.reason,
    cursor_position: change.cursor,
    batch_end: change.batchEnd,
    halt_reason: change.haltReason,
    started_at: change.startedAt,
    deadline_at: change.deadlineAt,
    soak_until: change.soakUntil,
    held_at: change.heldAt,
    finished_at: change.finishedAt,
  };
}
