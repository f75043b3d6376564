import { jobTransitions, sourcesOf, type JobStatus } from "@courier/core";
import { sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromJobChange, fromJobRow, toJobRow } from "./tables/jobs-table.ts";

/** One job. */
export interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: JobStatus;
  /** Canonical JSON text of the job. */
  readonly template: string;
  readonly scheduleRule: string;
  readonly nextExecutionAt: number | null;
  /** The occurrence that waits for an open instance to end. */
  readonly queuedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Id of the token that added it. */
  readonly createdBy: string;
  /** Id of the token that changed it last. */
  readonly updatedBy: string;
  /** Grows with every change that a person makes. */
  readonly version: number;
  /** When its schedule was set: where rules without DTSTART begin. */
  readonly anchoredAt: number;
  /** JSON text: what is blocked before the next execution. */
  readonly blocked: string;
  /** The version of the global exceptions that its next execution was computed with. */
  readonly exceptionsVersion: number;
  /** When to look for a next execution again, because all that is in sight is blocked. */
  readonly reviewAt: number | null;
}

/** A job to add; what is left out is as for a job that was never changed and never blocked. */
export type NewJobRow = Omit<JobRow, LaterColumn> & Partial<Pick<JobRow, LaterColumn>>;

type LaterColumn =
  | "queuedAt"
  | "updatedBy"
  | "version"
  | "anchoredAt"
  | "blocked"
  | "exceptionsVersion"
  | "reviewAt";

/** Outcome of adding a job; `jobId` is the job that has the name already. */
export type InsertJobOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "name-taken"; readonly jobId: string };

/** Adds a job; the unique index on names decides between two that race for one name. */
export async function insertJob(db: Db, row: NewJobRow): Promise<InsertJobOutcome> {
  const inserted = await writing(db)
    .insertInto("jobs")
    .values(fromJobRow(row))
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted !== undefined) return { ok: true };
  const owner = await writing(db)
    .selectFrom("jobs")
    .select("id")
    .where("name", "=", row.name)
    .executeTakeFirstOrThrow();
  return { ok: false, reason: "name-taken", jobId: owner.id };
}

/** The job with this id. */
export async function findJob(db: Db, id: string): Promise<JobRow | undefined> {
  const row = await reading(db)
    .selectFrom("jobs")
    .selectAll()
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row && toJobRow(row);
}

/** Jobs, newest first unless `sort` says otherwise; `name` is an exact match. */
export async function listJobs(
  db: Db,
  options: PageRequest & {
    readonly status?: JobStatus;
    readonly name?: string;
    /** Whether the job is active and has a next execution. */
    readonly isActive?: boolean;
    readonly sort?: { readonly by: "name" | "created_at"; readonly order: "asc" | "desc" };
  },
): Promise<Page<JobRow>> {
  const { status, name, isActive } = options;
  const { by, order } = options.sort ?? { by: "created_at", order: "desc" };
  const matching = reading(db)
    .selectFrom("jobs")
    .where("deleted_at", "is", null)
    .$if(status !== undefined, (query) => query.where("status", "=", status ?? "active"))
    .$if(name !== undefined, (query) => query.where("name", "=", name ?? ""))
    .$if(isActive !== undefined, (query) =>
      query.where((eb) => {
        const active = eb.and([
          eb("status", "=", "active"),
          eb("next_execution_at", "is not", null),
        ]);
        return isActive === true ? active : eb.not(active);
      }),
    );
  const { items, total } = await readPage(
    matching.selectAll().orderBy(by, order).orderBy("seq", order),
    { count: matching.select(countAll), page: options },
  );
  return { items: items.map(toJobRow), total };
}

/** Active jobs whose time has come, oldest first, locked until the transaction ends; rows that another transaction holds are left to it. */
export async function claimDueJobs(tx: Db, options: ClaimOptions): Promise<JobRow[]> {
  // Index jobs_due.
  return await claimActiveJobs(tx, "next_execution_at", options);
}

/** Active jobs without a next time that are to be looked at again; else as `claimDueJobs`. */
export async function claimJobsToReview(tx: Db, options: ClaimOptions): Promise<JobRow[]> {
  // Index jobs_review.
  return await claimActiveJobs(tx, "review_at", options);
}

interface ClaimOptions {
  readonly now: number;
  readonly limit: number;
}

async function claimActiveJobs(
  tx: Db,
  due: "next_execution_at" | "review_at",
  { now, limit }: ClaimOptions,
): Promise<JobRow[]> {
  return await atomically(tx, async ({ kysely, locks }) => {
    const rows = await kysely
      .selectFrom("jobs")
      .selectAll()
      .where("status", "=", sql.lit("active"))
      .where(due, "<=", now)
      .orderBy(due)
      .limit(limit)
      .modifyEnd(locks.forUpdateSkipLocked)
      .execute();
    return rows.map(toJobRow);
  });
}

/** Records what comes after a claimed job has fired, or after its next time was looked for again. */
export async function setJobFired(
  tx: Db,
  options: { readonly id: string; readonly now: number } & Pick<
    JobRow,
    "status" | "nextExecutionAt"
  > &
    Partial<Pick<JobRow, "blocked" | "exceptionsVersion" | "reviewAt">>,
): Promise<void> {
  const { id, now, ...set } = options;
  await writing(tx)
    .updateTable("jobs")
    .set({ ...fromJobChange(set), updated_at: now })
    .where("id", "=", id)
    .where("status", "in", sourcesOf(jobTransitions, "complete"))
    .execute();
}

/** What comes after a job has fired. */
export type FiredJob = Pick<
  JobRow,
  "id" | "status" | "nextExecutionAt" | "blocked" | "exceptionsVersion" | "reviewAt"
>;

/** Records what comes after claimed jobs have fired. */
export async function setJobsFired(
  tx: Db,
  options: { readonly jobs: readonly FiredJob[]; readonly now: number },
): Promise<void> {
  if (options.jobs.length === 0) return;
  await atomically(tx, async ({ batches }) => await batches.setJobsFired(options));
}

/** Those of some jobs that have an instance which has not ended. */
export async function findJobsWithOpenInstance(
  db: Db,
  jobIds: readonly string[],
): Promise<Set<string>> {
  const open = new Set<string>();
  for (const part of inParts(jobIds)) {
    // Index instances_open_of_job.
    const rows = await reading(db)
      .selectFrom("instances")
      .select("job_id")
      .where("job_id", "in", part)
      .where("finished_at", "is", null)
      .execute();
    for (const row of rows) open.add(row.job_id);
  }
  return open;
}

/** When the next active job is due; null when none is. */
export async function nextJobDueAt(db: Db): Promise<number | null> {
  // Index jobs_due.
  const row = await reading(db)
    .selectFrom("jobs")
    .select("next_execution_at")
    .where("status", "=", sql.lit("active"))
    .where("next_execution_at", "is not", null)
    .orderBy("next_execution_at")
    .limit(1)
    .executeTakeFirst();
  return row?.next_execution_at ?? null;
}

/** Lets an occurrence (Unix ms) wait for the job's instance under way to end; false: another one waits already. */
export async function queueOccurrence(
  tx: Db,
  options: { readonly id: string; readonly nominalAt: number },
): Promise<boolean> {
  const updated = await writing(tx)
    .updateTable("jobs")
    .set({ queued_at: options.nominalAt })
    .where("id", "=", options.id)
    .where("queued_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  return updated !== undefined;
}

/** A job with the occurrence (Unix ms) that has waited. */
export interface QueuedJob {
  readonly job: JobRow;
  readonly nominalAt: number;
}

/** Jobs whose waiting occurrence may start because none of their instances is open, oldest first; they wait no longer. */
export async function takeQueuedJobs(tx: Db, limit: number): Promise<QueuedJob[]> {
  return await atomically(tx, async ({ kysely, locks }) => {
    // Indexes jobs_queued and instances_open_of_job.
    const rows = await kysely
      .selectFrom("jobs")
      .selectAll()
      .where("queued_at", "is not", null)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom("instances")
              .select("instances.seq")
              .whereRef("instances.job_id", "=", "jobs.id")
              .where("instances.finished_at", "is", null),
          ),
        ),
      )
      .orderBy("queued_at")
      .limit(limit)
      .modifyEnd(locks.forUpdateSkipLocked)
      .execute();
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    await kysely.updateTable("jobs").set({ queued_at: null }).where("id", "in", ids).execute();
    return rows.map((row) => ({ job: toJobRow(row), nominalAt: row.queued_at ?? 0 }));
  });
}

/** Whether an instance of the job has not ended. */
export async function hasOpenInstance(db: Db, jobId: string): Promise<boolean> {
  // Index instances_open_of_job.
  const row = await reading(db)
    .selectFrom("instances")
    .select("id")
    .where("job_id", "=", jobId)
    .where("finished_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
