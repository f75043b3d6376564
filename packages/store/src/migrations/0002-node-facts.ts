import type { Migration } from "./migration.ts";

/**
 * What filters compare (semantics.md section 8): each attribute and skill of a node as a row, beside the JSON that the
 * node list shows. Attributes that are stored already are dropped: nodes report theirs again when they connect.
 */
export const migration0002: Migration = {
  number: 2,
  name: "node-facts",
  isBreaking: false,
  sql: ({ int, text, endClustered }) => `
ALTER TABLE nodes ADD COLUMN user_attributes ${text} NOT NULL DEFAULT '{}'
;
ALTER TABLE nodes ADD COLUMN skills ${text} NOT NULL DEFAULT '[]'
;
UPDATE nodes SET attributes = '{}'
;
CREATE TABLE node_attributes (
  node_seq ${int} NOT NULL REFERENCES nodes (seq),
  namespace ${text} NOT NULL,
  name ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (node_seq, namespace, name)
${endClustered}
;
CREATE INDEX node_attributes_by_value ON node_attributes (name, substr(value, 1, 200), node_seq)
;
CREATE TABLE node_skills (
  node_seq ${int} NOT NULL REFERENCES nodes (seq),
  name ${text} NOT NULL,
  version ${text} NOT NULL,
  PRIMARY KEY (node_seq, name, version)
${endClustered}
;
CREATE INDEX node_skills_by_name ON node_skills (name, node_seq)
`,
};
