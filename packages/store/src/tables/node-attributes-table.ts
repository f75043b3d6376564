import type { Columns } from "./columns.ts";

/** Table `node_attributes`: every attribute of a node as filters see it, what users set in place of what the node says. */
export interface NodeAttributesTable {
  node_seq: number;
  namespace: string;
  name: string;
  value: string;
}

/** Columns of `node_attributes`. */
export const nodeAttributesColumns: Columns<NodeAttributesTable> = {
  node_seq: "integer",
  namespace: "text",
  name: "text",
  value: "text",
};
