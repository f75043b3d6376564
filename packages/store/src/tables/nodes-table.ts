import type { Generated, Selectable } from "kysely";
import type { NodeRow } from "../nodes.ts";
import type { Columns } from "./columns.ts";

/** Table `nodes`. `online` is 0 or 1. */
export interface NodesTable {
  seq: Generated<number>;
  id: string;
  name: string;
  public_key: string;
  enrollment_level: "admitted" | "enrolled";
  online: number;
  offline_since: number | null;
  connected_at: number | null;
  last_seen_at: number | null;
  session_id: string | null;
  boot_id: string;
  journal_id: string;
  agent_version: string;
  attributes: string;
  cohort_id: string | null;
  archived_at: number | null;
  created_at: number;
  updated_at: number;
  user_attributes: Generated<string>;
  skills: Generated<string>;
}

/** Columns of `nodes`. */
export const nodesColumns: Columns<NodesTable> = {
  seq: "integer",
  id: "text",
  name: "text",
  public_key: "text",
  enrollment_level: "text",
  online: "integer",
  offline_since: "integer?",
  connected_at: "integer?",
  last_seen_at: "integer?",
  session_id: "text?",
  boot_id: "text",
  journal_id: "text",
  agent_version: "text",
  attributes: "text",
  cohort_id: "text?",
  archived_at: "integer?",
  created_at: "integer",
  updated_at: "integer",
  user_attributes: "text",
  skills: "text",
};

/** A node as the database returns it. */
export function toNodeRow(row: Selectable<NodesTable>): NodeRow {
  return {
    id: row.id,
    name: row.name,
    publicKey: row.public_key,
    enrollmentLevel: row.enrollment_level,
    online: row.online === 1,
    offlineSince: row.offline_since,
    connectedAt: row.connected_at,
    lastSeenAt: row.last_seen_at,
    bootId: row.boot_id,
    journalId: row.journal_id,
    agentVersion: row.agent_version,
    attributes: row.attributes,
    cohortId: row.cohort_id,
    archivedAt: row.archived_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    userAttributes: row.user_attributes,
    skills: row.skills,
  };
}
