import type { Migration } from "./migration.ts";

/** An occurrence that waits for the one before it (`overlapPolicy: queue`). */
export const migration0005: Migration = {
  number: 5,
  name: "schedules",
  isBreaking: false,
  sql: ({ int }) => `
ALTER TABLE jobs ADD COLUMN queued_at ${int}
;
CREATE INDEX jobs_queued ON jobs (queued_at) WHERE queued_at IS NOT NULL
;
CREATE INDEX instances_open_of_job ON instances (job_id) WHERE finished_at IS NULL
`,
};
