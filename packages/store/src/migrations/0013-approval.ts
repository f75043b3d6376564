import type { Migration } from "./migration.ts";

/** Cohorts whose new nodes have to be approved, and the cohort that a key admits nodes to. */
export const migration0013: Migration = {
  number: 13,
  name: "approval",
  isBreaking: false,
  sql: ({ int, text }) => `
ALTER TABLE node_sets ADD COLUMN approval_needed ${int} NOT NULL DEFAULT 0
;
ALTER TABLE enrollment_keys ADD COLUMN cohort_id ${text}
`,
};
