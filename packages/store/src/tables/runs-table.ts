import type { RunStatus } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import type { Generated, Selectable } from "kysely";
import type { RunRow } from "../runs.ts";
import type { Columns } from "./columns.ts";

/** Table `runs`. `seq` stands for the run in the tables below it. */
export interface RunsTable {
  seq: Generated<number>;
  id: string;
  instance_seq: number;
  group_number: number;
  position: number;
  node_id: string;
  status: RunStatus;
  token: number;
  reason: string;
  created_at: number;
  updated_at: number;
  dispatched_at: number | null;
  sent: number;
  started_at: number | null;
  finished_at: number | null;
  stop_outcome: StopOutcome | null;
  stop_deadline_at: number | null;
  reported_status: string | null;
  reported_at: number | null;
}

/** Columns of `runs`. */
export const runsColumns: Columns<RunsTable> = {
  seq: "integer",
  id: "text",
  instance_seq: "integer",
  group_number: "integer",
  position: "integer",
  node_id: "text",
  status: "text",
  token: "integer",
  reason: "text",
  created_at: "integer",
  updated_at: "integer",
  dispatched_at: "integer?",
  sent: "integer",
  started_at: "integer?",
  finished_at: "integer?",
  stop_outcome: "text?",
  stop_deadline_at: "integer?",
  reported_status: "text?",
  reported_at: "integer?",
};

/** A run as the database returns it, with its instance's id. */
export function toRunRow(row: Selectable<RunsTable> & { instance_id: string }): RunRow {
  return {
    id: row.id,
    instanceId: row.instance_id,
    groupNumber: row.group_number,
    position: row.position,
    nodeId: row.node_id,
    status: row.status,
    token: row.token,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    dispatchedAt: row.dispatched_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    stopOutcome: row.stop_outcome,
    stopDeadlineAt: row.stop_deadline_at,
    reportedStatus: row.reported_status,
    reportedAt: row.reported_at,
  };
}
