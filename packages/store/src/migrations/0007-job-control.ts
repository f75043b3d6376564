import type { Migration } from "./migration.ts";

/** Global exceptions, starts that wait, occurrences that were missed, and jobs that are changed and deleted (semantics.md section 3). */
export const migration0007: Migration = {
  number: 7,
  name: "job-control",
  isBreaking: false,
  sql: ({ seq, int, text, end }) => `
CREATE TABLE exception_rules (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  name ${text} NOT NULL UNIQUE,
  description ${text} NOT NULL,
  rrule ${text} NOT NULL,
  duration ${int} NOT NULL CHECK (duration > 0),
  time_zone ${text} NOT NULL,
  anchored_at ${int} NOT NULL,
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  updated_by ${text} NOT NULL
${end}
;
CREATE INDEX exception_rules_by_creation ON exception_rules (created_at, seq)
;
CREATE TABLE exception_state (
  id ${int} NOT NULL PRIMARY KEY CHECK (id = 1),
  version ${int} NOT NULL,
  since ${int} NOT NULL
${end}
;
INSERT INTO exception_state (id, version, since) VALUES (1, 0, 0)
;
ALTER TABLE jobs ADD COLUMN version ${int} NOT NULL DEFAULT 1
;
ALTER TABLE jobs ADD COLUMN updated_by ${text} NOT NULL DEFAULT ''
;
ALTER TABLE jobs ADD COLUMN anchored_at ${int}
;
ALTER TABLE jobs ADD COLUMN blocked ${text} NOT NULL DEFAULT '[]'
;
ALTER TABLE jobs ADD COLUMN exceptions_version ${int} NOT NULL DEFAULT 0
;
ALTER TABLE jobs ADD COLUMN review_at ${int}
;
ALTER TABLE jobs ADD COLUMN deleted_at ${int}
;
CREATE INDEX jobs_by_exceptions ON jobs (exceptions_version, seq) WHERE status = 'active'
;
CREATE INDEX jobs_review ON jobs (review_at) WHERE status = 'active' AND review_at IS NOT NULL
;
CREATE INDEX jobs_deleted ON jobs (deleted_at) WHERE deleted_at IS NOT NULL
;
CREATE TABLE waiting_starts (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  job_id ${text} NOT NULL UNIQUE,
  nominal_at ${int} NOT NULL,
  asked_by ${text} NOT NULL,
  ignores_exceptions ${int} NOT NULL CHECK (ignores_exceptions IN (0, 1)),
  not_before ${int},
  reason ${text} NOT NULL,
  created_at ${int} NOT NULL
${end}
;
CREATE TABLE missed_occurrences (
  seq ${seq},
  job_id ${text} NOT NULL,
  cause ${text} NOT NULL CHECK (cause = 'misfirePolicy' OR cause = 'overlapPolicy' OR cause = 'exception'),
  reason ${text} NOT NULL,
  first_at ${int} NOT NULL,
  last_at ${int} NOT NULL,
  occurrence_count ${int} NOT NULL CHECK (occurrence_count > 0),
  recorded_at ${int} NOT NULL
${end}
;
CREATE INDEX missed_of_job ON missed_occurrences (job_id, seq)
;
CREATE INDEX missed_by_time ON missed_occurrences (recorded_at)
`,
};
