import type { Migration } from "./migration.ts";

/** The failures of an instance in the order in which they came; a run that succeeds never touches this index. */
export const migration0009: Migration = {
  number: 9,
  name: "failed-runs",
  isBreaking: false,
  sql: () => `
CREATE INDEX runs_failed ON runs (instance_seq, group_number, finished_at, seq)
  WHERE status IN ('failure', 'timeout', 'undeliverable', 'unknown', 'canceled')
`,
};
