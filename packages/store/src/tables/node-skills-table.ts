import type { Columns } from "./columns.ts";

/** Table `node_skills`: what a node can execute, and in which version. */
export interface NodeSkillsTable {
  node_seq: number;
  name: string;
  version: string;
}

/** Columns of `node_skills`. */
export const nodeSkillsColumns: Columns<NodeSkillsTable> = {
  node_seq: "integer",
  name: "text",
  version: "text",
};
