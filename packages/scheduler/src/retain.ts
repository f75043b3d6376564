import {
  deleteEndedInstances,
  deleteExpiredIdempotency,
  deleteOldAudit,
  deleteOldMissedOccurrences,
  purgeDeletedJobs,
  trimMissedOccurrences,
  type Database,
} from "@courier/store";
import {
  idempotencyRetentionMs,
  retentionBatch,
  retentionIntervalMs,
  retentionMs,
  retentionRows,
} from "./limits.ts";

/** Deletes what has been kept long enough, a small batch at a time; returns how many instances went. */
export async function deleteExpired(db: Database, now: number): Promise<number> {
  const before = now - retentionMs;
  await deleteExpiredIdempotency(db, { before: now - idempotencyRetentionMs });
  await deleteOldAudit(db, { before, limit: retentionRows });
  await deleteOldMissedOccurrences(db, { before, limit: retentionRows });
  // Twice the interval: what was recorded while this looked last.
  const since = now - 2 * retentionIntervalMs;
  await trimMissedOccurrences(db, { since, limit: retentionRows });
  await purgeDeletedJobs(db, { before, limit: retentionBatch });
  return deleteEndedInstances(db, { finishedBefore: before, limit: retentionBatch });
}
