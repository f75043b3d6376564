import type { Generated, Insertable, Selectable } from "kysely";
import type { NodeSetRow } from "../node-sets.ts";
import type { Columns } from "./columns.ts";

/** Table `node_sets`. */
export interface NodeSetsTable {
  seq: Generated<number>;
  id: string;
  kind: "filter" | "list" | "cohort";
  name: string;
  description: string;
  constraints: string;
  setting_id: string;
  skill_assembly_id: string;
  approval_needed: Generated<number>;
  created_at: number;
  updated_at: number;
  created_by: string;
}

/** Table `node_set_members`; `position` orders the members of one set and may have gaps. */
export interface NodeSetMembersTable {
  set_seq: number;
  node_seq: number;
  position: number;
}

/** Columns of `node_sets`. */
export const nodeSetsColumns: Columns<NodeSetsTable> = {
  seq: "integer",
  id: "text",
  kind: "text",
  name: "text",
  description: "text",
  constraints: "text",
  setting_id: "text",
  skill_assembly_id: "text",
  approval_needed: "integer",
  created_at: "integer",
  updated_at: "integer",
  created_by: "text",
};

/** Columns of `node_set_members`. */
export const nodeSetMembersColumns: Columns<NodeSetMembersTable> = {
  set_seq: "integer",
  node_seq: "integer",
  position: "integer",
};

/** A node set as the database returns it. */
export function toNodeSetRow(row: Selectable<NodeSetsTable>): NodeSetRow {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    description: row.description,
    constraints: row.constraints,
    settingId: row.setting_id,
    skillAssemblyId: row.skill_assembly_id,
    approvalNeeded: row.approval_needed === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  };
}

/** A node set as the database takes it. */
export function fromNodeSetRow(row: NodeSetRow): Insertable<NodeSetsTable> {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    description: row.description,
    constraints: row.constraints,
    setting_id: row.settingId,
    skill_assembly_id: row.skillAssemblyId,
    approval_needed: row.approvalNeeded ? 1 : 0,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    created_by: row.createdBy,
  };
}
