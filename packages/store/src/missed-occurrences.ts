import type { BlockedSpan } from "@courier/core";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import { missedPerJobMax } from "./limits.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromMissedOccurrences, toMissedOccurrences } from "./tables/missed-occurrences-table.ts";

/** Occurrences of a job in a row that came and were not executed. Times are Unix ms. */
export interface MissedOccurrences {
  readonly jobId: string;
  /** The policy, or the kind of rule, that left them out. */
  readonly cause: "misfirePolicy" | "overlapPolicy" | "exception";
  readonly reason: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
  readonly recordedAt: number;
}

/** What an exception held back, as it is recorded. */
export function heldBackOccurrences(
  jobId: string,
  spans: readonly BlockedSpan[],
  now: number,
): MissedOccurrences[] {
  return spans.map(({ label, firstAt, lastAt, count }) => ({
    ...{ jobId, firstAt, lastAt, count },
    cause: "exception",
    reason: `blocked by ${label}`,
    recordedAt: now,
  }));
}

/** Records missed occurrences. */
export async function insertMissedOccurrences(
  tx: Db,
  rows: readonly MissedOccurrences[],
): Promise<void> {
  if (rows.length === 0) return;
  await writing(tx)
    .insertInto("missed_occurrences")
    .values(rows.map(fromMissedOccurrences))
    .execute();
}

/** What a job has missed, newest first. */
export async function listMissedOccurrences(
  db: Db,
  options: PageRequest & { readonly jobId: string },
): Promise<Page<MissedOccurrences>> {
  // Index missed_of_job.
  const matching = reading(db).selectFrom("missed_occurrences").where("job_id", "=", options.jobId);
  const { items, total } = await readPage(matching.selectAll().orderBy("seq", "desc"), {
    count: matching.select(countAll),
    page: options,
  });
  return { items: items.map(toMissedOccurrences), total };
}

/** Deletes up to `limit` records made before an instant, oldest first; returns how many. */
export async function deleteOldMissedOccurrences(
  db: Db,
  options: { readonly before: number; readonly limit: number },
): Promise<number> {
  // Index missed_by_time.
  const deleted = await writing(db)
    .deleteFrom("missed_occurrences")
    .where("seq", "in", (eb) =>
      eb
        .selectFrom("missed_occurrences")
        .select("seq")
        .where("recorded_at", "<", options.before)
        .orderBy("recorded_at")
        .limit(options.limit),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Keeps only the newest records of each job that was recorded since an instant; returns how many went. */
export async function trimMissedOccurrences(
  db: Db,
  options: { readonly since: number; readonly limit: number },
): Promise<number> {
  return await atomically(db, async ({ kysely }) => {
    // Index missed_by_time, then missed_of_job.
    const jobs = await kysely
      .selectFrom("missed_occurrences")
      .select("job_id")
      .distinct()
      .where("recorded_at", ">=", options.since)
      .execute();
    let trimmed = 0;
    for (const { job_id: jobId } of jobs) {
      const deleted = await kysely
        .deleteFrom("missed_occurrences")
        .where("seq", "in", (eb) =>
          eb
            .selectFrom("missed_occurrences")
            .select("seq")
            .where("job_id", "=", jobId)
            .orderBy("seq", "desc")
            .limit(options.limit)
            .offset(missedPerJobMax),
        )
        .executeTakeFirst();
      trimmed += Number(deleted.numDeletedRows);
    }
    return trimmed;
  });
}
