import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import { runsPerDeletion } from "./limits.ts";

/** Deletes up to `limit` instances that ended before an instant, oldest first, with runs, steps and output; returns how many. */
export async function deleteEndedInstances(
  db: Db,
  options: { readonly finishedBefore: number; readonly limit: number },
): Promise<number> {
  // Index instances_ended.
  const ended = await reading(db)
    .selectFrom("instances")
    .select("seq")
    .where("finished_at", "<", options.finishedBefore)
    .orderBy("finished_at")
    .limit(options.limit)
    .execute();
  for (const { seq } of ended) {
    while ((await deleteSomeRuns(db, seq)) > 0);
    await atomically(db, async ({ kysely }) => {
      await kysely.deleteFrom("groups").where("instance_seq", "=", seq).execute();
      await kysely.deleteFrom("instances").where("seq", "=", seq).execute();
    });
  }
  return ended.length;
}

/** Deletes idempotency keys made before an instant; returns how many. */
export async function deleteExpiredIdempotency(
  db: Db,
  options: { readonly before: number },
): Promise<number> {
  const deleted = await writing(db)
    .deleteFrom("idempotency_keys")
    .where("created_at", "<", options.before)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Deletes up to `limit` audit entries made before an instant, oldest first; returns how many. */
export async function deleteOldAudit(
  db: Db,
  options: { readonly before: number; readonly limit: number },
): Promise<number> {
  // Index audit_by_time.
  const deleted = await writing(db)
    .deleteFrom("audit")
    .where("seq", "in", (eb) =>
      eb
        .selectFrom("audit")
        .select("seq")
        .where("at", "<", options.before)
        .orderBy("at")
        .limit(options.limit),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/**
 * Deletes some of an instance's runs with all that belongs to them, in a transaction of its own unless `db` is one:
 * a large instance must not hold up everyone else. Killed in between, the next call goes on.
 */
async function deleteSomeRuns(db: Db, instanceSeq: number): Promise<number> {
  return await atomically(db, async ({ kysely }) => {
    const runs = await kysely
      .selectFrom("runs")
      .select("seq")
      .where("instance_seq", "=", instanceSeq)
      .limit(runsPerDeletion)
      .execute();
    if (runs.length === 0) return 0;
    const seqs = runs.map(({ seq }) => seq);
    await kysely.deleteFrom("output_chunks").where("run_seq", "in", seqs).execute();
    // Their archives belong to nobody then, and are swept.
    await kysely.deleteFrom("evidence").where("run_seq", "in", seqs).execute();
    await kysely.deleteFrom("steps").where("run_seq", "in", seqs).execute();
    await kysely.deleteFrom("runs").where("seq", "in", seqs).execute();
    return runs.length;
  });
}
