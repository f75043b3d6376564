import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import { fromWaitingStart, toWaitingStart } from "./tables/waiting-starts-table.ts";

/** An instance that is to start later: a freeze, or another instance of its job, is in its way. Times are Unix ms. */
export interface WaitingStart {
  /** Id of the instance to be. */
  readonly id: string;
  /** At most one start of a job waits. */
  readonly jobId: string;
  readonly nominalAt: number;
  /** Id of the token that asked for it; "" when the schedule did. */
  readonly askedBy: string;
  readonly ignoresExceptions: boolean;
  /** Null: when no other instance of the job is open. */
  readonly notBefore: number | null;
  readonly reason: string;
  readonly createdAt: number;
}

/** Lets a start wait; false: another one of the job waits already. */
export async function insertWaitingStart(tx: Db, start: WaitingStart): Promise<boolean> {
  const inserted = await writing(tx)
    .insertInto("waiting_starts")
    .values(fromWaitingStart(start))
    .onConflict((conflict) => conflict.column("job_id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted !== undefined;
}

/** The start of a job that waits. */
export async function findWaitingStart(
  db: Db,
  by: { readonly jobId: string } | { readonly id: string },
): Promise<WaitingStart | undefined> {
  const query = reading(db).selectFrom("waiting_starts").selectAll();
  const row = await (
    "id" in by ? query.where("id", "=", by.id) : query.where("job_id", "=", by.jobId)
  ).executeTakeFirst();
  return row && toWaitingStart(row);
}

/** Starts whose time has come, oldest first, locked until the transaction ends: they no longer wait for a time, or for an instance. */
export async function claimWaitingStarts(
  tx: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<WaitingStart[]> {
  return await atomically(tx, async ({ kysely, locks }) => {
    // At most one row per job, and normally none. Index instances_open_of_job.
    const rows = await kysely
      .selectFrom("waiting_starts")
      .selectAll()
      .where((where) =>
        where.or([
          where("not_before", "<=", options.now),
          where.and([
            where("not_before", "is", null),
            where.not(
              where.exists(
                where
                  .selectFrom("instances")
                  .select("instances.seq")
                  .whereRef("instances.job_id", "=", "waiting_starts.job_id")
                  .where("instances.finished_at", "is", null),
              ),
            ),
          ]),
        ]),
      )
      .orderBy("seq")
      .limit(options.limit)
      .modifyEnd(locks.forUpdateSkipLocked)
      .execute();
    return rows.map(toWaitingStart);
  });
}

/** Lets a start wait longer, or for something else. */
export async function postponeWaitingStart(
  tx: Db,
  change: Pick<WaitingStart, "id" | "notBefore" | "reason">,
): Promise<void> {
  await writing(tx)
    .updateTable("waiting_starts")
    .set({ not_before: change.notBefore, reason: change.reason })
    .where("id", "=", change.id)
    .execute();
}

/** Forgets the start that waits: it has started, or will not. */
export async function deleteWaitingStart(tx: Db, jobId: string): Promise<void> {
  await writing(tx).deleteFrom("waiting_starts").where("job_id", "=", jobId).execute();
}

/** Forgets a start by the id of its instance; false: it does not wait, or no longer. */
export async function withdrawWaitingStart(tx: Db, id: string): Promise<boolean> {
  const withdrawn = await writing(tx)
    .deleteFrom("waiting_starts")
    .where("id", "=", id)
    .returning("id")
    .executeTakeFirst();
  return withdrawn !== undefined;
}

/** Makes every start that waits for a time be looked at now: the times may have changed. */
export async function reviewWaitingStarts(tx: Db, now: number): Promise<void> {
  await writing(tx)
    .updateTable("waiting_starts")
    .set({ not_before: now })
    .where("not_before", "is not", null)
    .execute();
}
