import type { Migration } from "./migration.ts";

/** What steps left as artifacts: what the node tells, what has been handed in, and its bytes where there is no data directory. */
export const migration0011: Migration = {
  number: 11,
  name: "evidence",
  isBreaking: false,
  sql: ({ int, text, blob, end, endClustered }) => `
ALTER TABLE steps ADD COLUMN artifacts ${text}
;
CREATE TABLE evidence (
  run_seq ${int} NOT NULL,
  step_number ${int} NOT NULL,
  attempt ${int} NOT NULL,
  archive ${text} NOT NULL UNIQUE,
  sha256 ${text} NOT NULL,
  size_bytes ${int} NOT NULL CHECK (size_bytes > 0),
  stored_at ${int} NOT NULL,
  PRIMARY KEY (run_seq, step_number, attempt)
${endClustered}
;
CREATE INDEX evidence_by_age ON evidence (stored_at, size_bytes)
;
CREATE TABLE evidence_chunks (
  archive ${text} NOT NULL,
  byte_offset ${int} NOT NULL,
  data ${blob} NOT NULL,
  received_at ${int} NOT NULL,
  PRIMARY KEY (archive, byte_offset)
${end}
;
CREATE INDEX evidence_chunks_first ON evidence_chunks (archive, received_at) WHERE byte_offset = 0
`,
};
