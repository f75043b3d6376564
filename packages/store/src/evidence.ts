import { sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { atomically, reading } from "./handle.ts";
import { seqOfRun } from "./steps.ts";
import { toEvidenceRow } from "./tables/evidence-table.ts";

/** An archive of an attempt's artifacts that is complete. */
export interface EvidenceRow {
  readonly stepNumber: number;
  readonly attempt: number;
  /** Its name in the archive store. */
  readonly archive: string;
  /** Hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly storedAt: number;
}

/** Records that an attempt's archive is complete. Once is enough: a repeat changes nothing, a run that is gone gets none. */
export async function insertEvidence(
  db: Db,
  row: EvidenceRow & { readonly runId: string },
): Promise<void> {
  await atomically(db, async ({ kysely }) => {
    // Unique index on runs.id, primary key of evidence.
    await kysely
      .insertInto("evidence")
      .columns([
        ...(["run_seq", "step_number", "attempt", "archive"] as const),
        ...(["sha256", "size_bytes", "stored_at"] as const),
      ])
      .expression((eb) =>
        eb
          .selectFrom("runs")
          .select((run) => [
            "runs.seq",
            run.val(row.stepNumber).as("step_number"),
            run.val(row.attempt).as("attempt"),
            run.val(row.archive).as("archive"),
            run.val(row.sha256).as("sha256"),
            run.val(row.sizeBytes).as("size_bytes"),
            run.val(row.storedAt).as("stored_at"),
          ])
          .where("runs.id", "=", row.runId),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** The complete archives of a run, by step and attempt. */
export async function listEvidence(
  db: Db,
  options: { readonly runId: string; readonly stepNumber?: number; readonly attempt?: number },
): Promise<EvidenceRow[]> {
  const { stepNumber, attempt } = options;
  // Unique index on runs.id, primary key of evidence.
  const rows = await reading(db)
    .selectFrom("evidence")
    .select(["step_number", "attempt", "archive", "sha256", "size_bytes", "stored_at"])
    .where("run_seq", "=", seqOfRun(options.runId))
    .$if(stepNumber !== undefined, (query) => query.where("step_number", "=", stepNumber ?? 0))
    .$if(attempt !== undefined, (query) => query.where("attempt", "=", attempt ?? 0))
    .orderBy("step_number")
    .orderBy("attempt")
    .execute();
  return rows.map(toEvidenceRow);
}

/** Of these archives, those that belong to an attempt. */
export async function listRecordedArchives(
  db: Db,
  archives: readonly string[],
): Promise<ReadonlySet<string>> {
  const recorded = new Set<string>();
  for (const part of inParts(archives)) {
    // Unique index on evidence.archive.
    const rows = await reading(db)
      .selectFrom("evidence")
      .select("archive")
      .where("archive", "in", part)
      .execute();
    for (const { archive } of rows) recorded.add(archive);
  }
  return recorded;
}

/**
 * Forgets up to `limit` archives, oldest first: those stored before an instant, and as many more as it takes until the
 * rest has at most `bytesMax`. Returns their names; their bytes are to be removed after the commit.
 */
export async function deleteOldEvidence(
  db: Db,
  options: { readonly before: number; readonly bytesMax: number; readonly limit: number },
): Promise<string[]> {
  return await atomically(db, async ({ kysely }) => {
    // Both read the index evidence_by_age alone; the sum is over what is kept, which `bytesMax` bounds.
    const { total } = await kysely
      .selectFrom("evidence")
      .select((eb) => eb.fn.coalesce(eb.fn.sum<number>("size_bytes"), sql<number>`0`).as("total"))
      .executeTakeFirstOrThrow();
    const oldest = await kysely
      .selectFrom("evidence")
      .select(["archive", "size_bytes", "stored_at"])
      .orderBy("stored_at")
      .limit(options.limit)
      .execute();
    let excessBytes = Number(total) - options.bytesMax;
    const names: string[] = [];
    for (const row of oldest) {
      if (row.stored_at >= options.before && excessBytes <= 0) break;
      excessBytes -= row.size_bytes;
      names.push(row.archive);
    }
    if (names.length > 0) {
      await kysely.deleteFrom("evidence").where("archive", "in", names).execute();
    }
    return names;
  });
}
