import type { Migration } from "./migration.ts";

/** Disruption budgets, which runs use them, and which pending runs wait for them. */
export const migration0012: Migration = {
  number: 12,
  name: "budgets",
  isBreaking: false,
  sql: ({ seq, int, text, end, endClustered }) => `
CREATE TABLE disruption_budgets (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  name ${text} NOT NULL UNIQUE,
  description ${text} NOT NULL,
  constraints ${text} NOT NULL,
  max_amount ${text} NOT NULL,
  node_count ${int} NOT NULL CHECK (node_count >= 0),
  counted_at ${int} NOT NULL,
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  created_by ${text} NOT NULL
${end}
;
CREATE TABLE budget_holders (
  budget_seq ${int} NOT NULL,
  run_id ${text} NOT NULL,
  node_id ${text} NOT NULL,
  PRIMARY KEY (budget_seq, run_id)
${endClustered}
;
CREATE TABLE budget_waiters (
  run_id ${text} PRIMARY KEY,
  budget_seq ${int},
  instance_seq ${int} NOT NULL,
  group_number ${int} NOT NULL,
  position ${int} NOT NULL
${end}
;
CREATE INDEX budget_waiters_of_group ON budget_waiters (instance_seq, group_number, budget_seq, position)
;
CREATE INDEX budget_waiters_of_budget ON budget_waiters (budget_seq)
;
ALTER TABLE groups ADD COLUMN held_at ${int}
;
CREATE INDEX groups_held ON groups (held_at) WHERE held_at IS NOT NULL
`,
};
