import type { Migration } from "./migration.ts";

/** Saved filters, saved lists and cohorts (semantics.md sections 4 and 8), and the members of the latter two. */
export const migration0003: Migration = {
  number: 3,
  name: "node-sets",
  isBreaking: false,
  sql: ({ seq, int, text, end, endClustered }) => `
CREATE TABLE node_sets (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  kind ${text} NOT NULL CHECK (kind = 'filter' OR kind = 'list' OR kind = 'cohort'),
  name ${text} NOT NULL,
  description ${text} NOT NULL,
  constraints ${text} NOT NULL,
  setting_id ${text} NOT NULL,
  skill_assembly_id ${text} NOT NULL,
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  created_by ${text} NOT NULL,
  UNIQUE (kind, name)
${end}
;
CREATE INDEX node_sets_by_creation ON node_sets (kind, created_at, seq)
;
CREATE TABLE node_set_members (
  set_seq ${int} NOT NULL REFERENCES node_sets (seq),
  node_seq ${int} NOT NULL REFERENCES nodes (seq),
  position ${int} NOT NULL,
  PRIMARY KEY (set_seq, node_seq)
${endClustered}
`,
};
