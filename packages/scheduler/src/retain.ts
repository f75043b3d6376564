import {
  deleteEndedInstances,
  deleteExpiredIdempotency,
  deleteOldAudit,
  type Database,
} from "@courier/store";
import { idempotencyRetentionMs, retentionBatch, retentionMs } from "./limits.ts";

/** Deletes what has been kept long enough, a small batch at a time; returns how many instances went. */
export async function deleteExpired(db: Database, now: number): Promise<number> {
  const before = now - retentionMs;
  await deleteExpiredIdempotency(db, { before: now - idempotencyRetentionMs });
  await deleteOldAudit(db, { before, limit: 1000 });
  return deleteEndedInstances(db, { finishedBefore: before, limit: retentionBatch });
}
