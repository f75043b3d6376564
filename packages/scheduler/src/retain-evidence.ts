import {
  deleteOldEvidence,
  listRecordedArchives,
  type ArchiveStore,
  type Database,
} from "@courier/store";
import {
  evidenceBatch,
  evidenceRetentionBytes,
  evidenceRetentionMs,
  orphanedArchiveMs,
} from "./limits.ts";

/**
 * Deletes artifacts that have been kept long enough or are too many, oldest first; returns how many went. The record
 * goes first: killed in between, the bytes belong to nobody, and the sweep finds them.
 */
export async function deleteExpiredEvidence(
  db: Database,
  options: { readonly archives: ArchiveStore; readonly now: number },
): Promise<number> {
  const names = await deleteOldEvidence(db, {
    before: options.now - evidenceRetentionMs,
    bytesMax: evidenceRetentionBytes,
    limit: evidenceBatch,
  });
  for (const name of names) await options.archives.remove(name);
  return names.length;
}

/**
 * Removes some archives that belong to no attempt: their runs were deleted, or a node gave up half way. Returns where to
 * go on.
 */
export async function sweepArchives(
  db: Database,
  options: { readonly archives: ArchiveStore; readonly now: number; readonly cursor: string },
): Promise<string> {
  const { archives, now, cursor } = options;
  const listed = await archives.list(cursor);
  const old = listed.archives.filter(({ receivedAt }) => receivedAt < now - orphanedArchiveMs);
  const names = old.map(({ name }) => name);
  const recorded = await listRecordedArchives(db, names);
  for (const name of names) if (!recorded.has(name)) await archives.remove(name);
  return listed.next;
}
