import type { Migration } from "./migration.ts";

/**
 * The first schema. runs, steps and output_chunks have no foreign keys: the statements that insert into them select
 * their parent in the same statement, and a check per row would cost PostgreSQL more than the insert.
 */
export const migration0001: Migration = {
  number: 1,
  name: "initial",
  isBreaking: false,
  sql: ({ seq, int, text, blob, end, endClustered }) => `
CREATE TABLE settings (
  key ${text} PRIMARY KEY,
  value ${text} NOT NULL
${end}
;
CREATE TABLE tokens (
  id ${text} PRIMARY KEY,
  name ${text} NOT NULL,
  prefix ${text} NOT NULL,
  hash ${text} NOT NULL UNIQUE,
  role ${text} NOT NULL,
  created_at ${int} NOT NULL,
  expires_at ${int}
${end}
;
CREATE TABLE enrollment_keys (
  id ${text} PRIMARY KEY,
  hash ${text} NOT NULL UNIQUE,
  prefix ${text} NOT NULL,
  expires_at ${int} NOT NULL,
  uses_left ${int} NOT NULL CHECK (uses_left >= 0),
  created_at ${int} NOT NULL,
  created_by ${text} NOT NULL
${end}
;
CREATE TABLE audit (
  seq ${seq},
  at ${int} NOT NULL,
  actor ${text} NOT NULL,
  action ${text} NOT NULL,
  object ${text} NOT NULL,
  remote_address ${text} NOT NULL,
  request_id ${text} NOT NULL,
  detail ${text} NOT NULL
${end}
;
CREATE INDEX audit_by_time ON audit (at, seq)
;
CREATE TABLE nodes (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  name ${text} NOT NULL UNIQUE,
  public_key ${text} NOT NULL,
  enrollment_level ${text} NOT NULL CHECK ${oneOf("enrollment_level", "admitted enrolled")},
  online ${int} NOT NULL CHECK (online IN (0, 1)),
  offline_since ${int},
  connected_at ${int},
  last_seen_at ${int},
  session_id ${text},
  boot_id ${text} NOT NULL,
  journal_id ${text} NOT NULL,
  agent_version ${text} NOT NULL,
  attributes ${text} NOT NULL,
  cohort_id ${text},
  archived_at ${int},
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  CHECK ((online = 1) = (session_id IS NOT NULL)),
  CHECK (online = 0 OR offline_since IS NULL)
${end}
;
CREATE INDEX nodes_by_creation ON nodes (created_at, seq)
;
CREATE INDEX nodes_offline ON nodes (offline_since) WHERE online = 0
;
CREATE TABLE jobs (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  name ${text} NOT NULL UNIQUE,
  description ${text} NOT NULL,
  status ${text} NOT NULL CHECK ${oneOf("status", "active inactive completed canceled")},
  template ${text} NOT NULL,
  schedule_rule ${text} NOT NULL,
  next_execution_at ${int},
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  created_by ${text} NOT NULL
${end}
;
CREATE INDEX jobs_by_creation ON jobs (created_at, seq)
;
CREATE INDEX jobs_due ON jobs (next_execution_at) WHERE status = 'active' AND next_execution_at IS NOT NULL
;
CREATE TABLE idempotency_keys (
  token_id ${text} NOT NULL,
  key ${text} NOT NULL,
  body_hash ${text} NOT NULL,
  job_id ${text} NOT NULL REFERENCES jobs (id),
  created_at ${int} NOT NULL,
  PRIMARY KEY (token_id, key)
${end}
;
CREATE INDEX idempotency_keys_by_creation ON idempotency_keys (created_at)
;
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id)
;
CREATE TABLE instances (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  job_id ${text} NOT NULL REFERENCES jobs (id),
  nominal_at ${int} NOT NULL,
  status ${text} NOT NULL CHECK ${oneOf("status", "pending running cancelling success failure canceled")},
  reason ${text} NOT NULL,
  execution_type ${text} NOT NULL CHECK ${oneOf("execution_type", "sequential parallel")},
  action_spec ${text} NOT NULL,
  target_spec ${text} NOT NULL,
  job_name ${text} NOT NULL,
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  started_at ${int},
  finished_at ${int},
  last_updated_by ${text} NOT NULL,
  cancel_requested_at ${int},
  UNIQUE (job_id, nominal_at),
  CHECK (${oneOf("status", "pending running cancelling")} = (finished_at IS NULL))
${end}
;
CREATE INDEX instances_by_creation ON instances (created_at, seq)
;
CREATE INDEX instances_of_job ON instances (job_id, created_at, seq)
;
CREATE INDEX instances_open ON instances (created_at, seq) WHERE finished_at IS NULL
;
CREATE INDEX instances_ended ON instances (finished_at) WHERE finished_at IS NOT NULL
;
CREATE TABLE groups (
  instance_seq ${int} NOT NULL REFERENCES instances (seq),
  group_number ${int} NOT NULL,
  status ${text} NOT NULL CHECK ${oneOf("status", "pending waiting running success failure skipped canceled")},
  reason ${text} NOT NULL,
  node_count ${int} NOT NULL,
  spec ${text} NOT NULL,
  cursor_position ${int} NOT NULL,
  batch_end ${int} NOT NULL,
  halt_reason ${text} NOT NULL,
  started_at ${int},
  deadline_at ${int},
  finished_at ${int},
  in_flight_count ${int} NOT NULL CHECK (in_flight_count >= 0),
  success_count ${int} NOT NULL CHECK (success_count >= 0),
  failure_count ${int} NOT NULL CHECK (failure_count >= 0),
  timeout_count ${int} NOT NULL CHECK (timeout_count >= 0),
  canceled_count ${int} NOT NULL CHECK (canceled_count >= 0),
  skipped_count ${int} NOT NULL CHECK (skipped_count >= 0),
  undeliverable_count ${int} NOT NULL CHECK (undeliverable_count >= 0),
  unknown_count ${int} NOT NULL CHECK (unknown_count >= 0),
  PRIMARY KEY (instance_seq, group_number),
  CHECK (${oneOf("status", "pending waiting running")} = (finished_at IS NULL)),
  CHECK (in_flight_count + success_count + failure_count + timeout_count + canceled_count + skipped_count
    + undeliverable_count + unknown_count <= node_count)
${endClustered}
;
CREATE INDEX groups_deadline ON groups (deadline_at)
  WHERE status IN ('waiting', 'running') AND halt_reason = '' AND deadline_at IS NOT NULL
;
CREATE TABLE runs (
  seq ${seq},
  id ${text} NOT NULL UNIQUE,
  instance_seq ${int} NOT NULL,
  group_number ${int} NOT NULL,
  position ${int} NOT NULL CHECK (position >= 0),
  node_id ${text} NOT NULL,
  status ${text} NOT NULL CHECK ${oneOf("status", "pending dispatched running success failure timeout canceled skipped undeliverable unknown")},
  token ${int} NOT NULL,
  reason ${text} NOT NULL,
  created_at ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  dispatched_at ${int},
  sent ${int} NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
  started_at ${int},
  finished_at ${int},
  stop_outcome ${text} CHECK ${oneOf("stop_outcome", "canceled timeout")},
  stop_deadline_at ${int},
  reported_status ${text},
  reported_at ${int},
  UNIQUE (instance_seq, group_number, position),
  CHECK (${oneOf("status", "pending dispatched running")} = (finished_at IS NULL)),
  CHECK (dispatched_at IS NOT NULL OR NOT ${oneOf("status", "dispatched running")}),
  CHECK ((stop_outcome IS NULL) = (stop_deadline_at IS NULL))
${end}
;
CREATE INDEX runs_pending ON runs (instance_seq, group_number, position) WHERE status = 'pending'
;
CREATE INDEX runs_in_flight ON runs (instance_seq, group_number) WHERE status IN ('dispatched', 'running')
;
CREATE INDEX runs_of_node ON runs (node_id) WHERE status IN ('dispatched', 'running')
;
CREATE INDEX runs_unaccepted ON runs (dispatched_at) WHERE status = 'dispatched'
;
CREATE INDEX runs_stopping ON runs (stop_deadline_at)
  WHERE status IN ('dispatched', 'running') AND stop_deadline_at IS NOT NULL
;
CREATE TABLE steps (
  run_seq ${int} NOT NULL,
  step_number ${int} NOT NULL,
  status ${text} NOT NULL CHECK ${oneOf("status", "pending running active success failure timeout canceled skipped")},
  attempt_count ${int} NOT NULL,
  exit_code ${int},
  reason ${text} NOT NULL,
  interpreter_path ${text} NOT NULL,
  interpreter_version ${text} NOT NULL,
  started_at ${int},
  finished_at ${int},
  output_bytes ${int} NOT NULL,
  output_dropped_bytes ${int} NOT NULL,
  updated_at ${int} NOT NULL,
  PRIMARY KEY (run_seq, step_number)
${endClustered}
;
CREATE TABLE output_chunks (
  seq ${seq},
  run_seq ${int} NOT NULL,
  step_number ${int} NOT NULL,
  attempt ${int} NOT NULL,
  stream ${text} NOT NULL CHECK ${oneOf("stream", "stdout stderr")},
  byte_offset ${int} NOT NULL CHECK (byte_offset >= 0),
  data ${blob} NOT NULL,
  received_at ${int} NOT NULL,
  UNIQUE (run_seq, step_number, attempt, stream, byte_offset)
${end}
;
CREATE INDEX output_chunks_by_arrival ON output_chunks (run_seq, seq)
`,
};

/** A chain of comparisons: for an IN list SQLite would build a temporary index for every row that is checked. */
function oneOf(column: string, values: string): string {
  const comparisons = values.split(" ").map((value) => `${column} = '${value}'`);
  return `(${comparisons.join(" OR ")})`;
}
