import { sql } from "kysely";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { JobRow } from "./jobs.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromJobChange, toJobRow } from "./tables/jobs-table.ts";

/** What can change about a job. */
export type JobChange = Partial<
  Pick<
    JobRow,
    | "name"
    | "description"
    | "status"
    | "template"
    | "scheduleRule"
    | "nextExecutionAt"
    | "queuedAt"
    | "updatedBy"
    | "anchoredAt"
    | "blocked"
    | "exceptionsVersion"
    | "reviewAt"
  > & { readonly deletedAt: number }
>;

/** The job with this id, locked until the transaction ends. */
export async function lockJob(tx: Db, id: string): Promise<JobRow | undefined> {
  return await atomically(tx, async ({ kysely, locks }) => {
    const row = await kysely
      .selectFrom("jobs")
      .selectAll()
      .where("id", "=", id)
      .where("deleted_at", "is", null)
      .modifyEnd(locks.forUpdate)
      .executeTakeFirst();
    return row && toJobRow(row);
  });
}

/** Changes a locked job because a person asked for it; its version grows. */
export async function changeJob(
  tx: Db,
  options: { readonly id: string; readonly set: JobChange; readonly now: number },
): Promise<void> {
  await writing(tx)
    .updateTable("jobs")
    .set({
      ...fromJobChange(options.set),
      version: sql<number>`version + 1`,
      updated_at: options.now,
    })
    .where("id", "=", options.id)
    .execute();
}

/** The id of the job that has a name. */
export async function findJobIdByName(db: Db, name: string): Promise<string | undefined> {
  const row = await reading(db)
    .selectFrom("jobs")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.id;
}

/** Takes a job out of every list. Its instances stay until they have been kept long enough, its name is free at once. */
export async function deleteJob(
  tx: Db,
  options: { readonly id: string; readonly status: JobRow["status"]; readonly now: number },
): Promise<void> {
  const { id, status, now } = options;
  const gone = { nextExecutionAt: null, reviewAt: null, queuedAt: null, deletedAt: now };
  await changeJob(tx, { id, set: { name: `deleted ${id}`, status, ...gone }, now });
}

/** Deletes up to `limit` jobs that were deleted before an instant and have no instance left; returns how many. */
export async function purgeDeletedJobs(
  db: Db,
  options: { readonly before: number; readonly limit: number },
): Promise<number> {
  return await atomically(db, async ({ kysely }) => {
    // Index jobs_deleted.
    const jobs = await kysely
      .selectFrom("jobs")
      .select("id")
      .where("deleted_at", "<", options.before)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom("instances")
              .select("instances.seq")
              .whereRef("instances.job_id", "=", "jobs.id"),
          ),
        ),
      )
      .orderBy("deleted_at")
      .limit(options.limit)
      .execute();
    if (jobs.length === 0) return 0;
    const ids = jobs.map(({ id }) => id);
    await kysely.deleteFrom("idempotency_keys").where("job_id", "in", ids).execute();
    await kysely.deleteFrom("missed_occurrences").where("job_id", "in", ids).execute();
    await kysely.deleteFrom("jobs").where("id", "in", ids).execute();
    return ids.length;
  });
}

/** Ids of a job's instances that have not ended, oldest first. */
export async function listOpenInstanceIdsOfJob(db: Db, jobId: string): Promise<string[]> {
  // Index instances_open_of_job.
  const rows = await reading(db)
    .selectFrom("instances")
    .select("id")
    .where("job_id", "=", jobId)
    .where("finished_at", "is", null)
    .orderBy("created_at")
    .orderBy("seq")
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Jobs that were due by an instant (Unix ms) and have not started: their time has passed, an exception holds them back, or
 * an instance under way does. Longest due first.
 */
export async function listPastDueJobs(
  db: Db,
  options: PageRequest & { readonly deadline: number },
): Promise<Page<JobRow>> {
  const { deadline } = options;
  const matching = reading(db)
    .selectFrom("jobs")
    .leftJoin("waiting_starts", "waiting_starts.job_id", "jobs.id")
    .where("jobs.deleted_at", "is", null)
    .where((where) =>
      where.or([
        where.and([
          where("jobs.status", "=", sql.lit("active")),
          where("jobs.next_execution_at", "<=", deadline),
        ]),
        where.and([
          where("jobs.status", "=", sql.lit("active")),
          where("jobs.schedule_rule", "=", sql.lit("immediate")),
          where("jobs.created_at", "<=", deadline),
        ]),
        where("jobs.queued_at", "<=", deadline),
        where("waiting_starts.created_at", "<=", deadline),
      ]),
    );
  const { items, total } = await readPage(
    matching.selectAll("jobs").orderBy("jobs.next_execution_at").orderBy("jobs.seq"),
    { count: matching.select(countAll), page: options },
  );
  return { items: items.map(toJobRow), total };
}
