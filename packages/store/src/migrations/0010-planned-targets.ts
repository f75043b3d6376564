import type { Migration } from "./migration.ts";

/** The nodes that an immediate job was planned for, from when it is added until it fires. */
export const migration0010: Migration = {
  number: 10,
  name: "planned-targets",
  isBreaking: false,
  sql: ({ text, endClustered }) => `
CREATE TABLE planned_targets (
  job_id ${text} NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  targets ${text} NOT NULL
${endClustered}
`,
};
