import type { Migration } from "./migration.ts";

/** Instances that execute runs of another instance again, and instances that are paused. */
export const migration0004: Migration = {
  number: 4,
  name: "control",
  isBreaking: false,
  sql: ({ text, int }) => `
ALTER TABLE instances ADD COLUMN origin_instance_id ${text}
;
CREATE INDEX instances_of_origin ON instances (origin_instance_id, created_at, seq)
  WHERE origin_instance_id IS NOT NULL
;
ALTER TABLE instances ADD COLUMN paused_at ${int}
;
ALTER TABLE instances ADD COLUMN from_step ${int}
;
ALTER TABLE idempotency_keys ADD COLUMN instance_id ${text}
`,
};
