import { nextExecution, spansUntil, timetableOf, type BlockedSpan } from "@courier/core";
import {
  claimJobsBehind,
  claimJobsToReview,
  heldBackOccurrences,
  insertMissedOccurrences,
  setJobFired,
  type Database,
  type Db,
  type JobRow,
} from "@courier/store";
import { recalculatedPerTurn, recalculationBudgetMs } from "./limits.ts";
import { loadExceptions, type Exceptions } from "./load-exceptions.ts";
import { templateOf } from "./template-of.ts";

interface RecalculationContext {
  readonly now: number;
  readonly monotonicMs: () => number;
}

/**
 * Computes the next time of some jobs again: those that do not know the global exceptions as they are now, and those of
 * which everything in sight was blocked. Which ones are left is in the database, so that a restart goes on where this
 * stopped. True: there may be more.
 */
export async function recalculateJobs(
  db: Database,
  context: RecalculationContext,
): Promise<boolean> {
  const { now, monotonicMs } = context;
  return db.transaction(async (tx) => {
    const exceptions = await loadExceptions(tx);
    const { version } = exceptions;
    const limit = recalculatedPerTurn;
    const behind = version === 0 ? [] : await claimJobsBehind(tx, { version, limit });
    const startedAt = monotonicMs();
    for (const job of behind) {
      if (monotonicMs() - startedAt > recalculationBudgetMs) return true;
      await recalculate(tx, job, {
        now,
        exceptions,
        from: Math.max(exceptions.since - 1, job.updatedAt),
      });
    }
    const review = await claimJobsToReview(tx, { now, limit });
    for (const job of review) {
      if (monotonicMs() - startedAt > recalculationBudgetMs) return true;
      await recalculate(tx, job, { now, exceptions, from: (job.reviewAt ?? now) - 1 });
    }
    return behind.length === limit || review.length === limit;
  });
}

/** `from`: everything until then has been decided (Unix ms). */
async function recalculate(
  tx: Db,
  job: JobRow,
  at: { readonly now: number; readonly from: number; readonly exceptions: Exceptions },
): Promise<void> {
  const { now, from, exceptions } = at;
  const exceptionsVersion = exceptions.version;
  if (job.nextExecutionAt !== null && job.nextExecutionAt <= now) {
    // It is due; whoever fires it looks at the exceptions as they are then.
    const { id, status, nextExecutionAt } = job;
    await setJobFired(tx, { id, status, nextExecutionAt, exceptionsVersion, now: job.updatedAt });
    return;
  }
  const timetable = timetableOf(templateOf(job), job.anchoredAt, exceptions.windows);
  const isImmediate = timetable.schedule.kind === "immediate";
  if (!isImmediate) {
    const passed = spansUntil(timetable, blockedOf(job), from);
    await insertMissedOccurrences(tx, heldBackOccurrences(job.id, passed, now));
  }
  const next = nextExecution(timetable, isImmediate ? now - 1 : from);
  await setJobFired(tx, { ...afterwards(job.id, next), exceptionsVersion, now });
}

/** What is stored about a job whose next execution was computed. */
export function afterwards(
  id: string,
  next: ReturnType<typeof nextExecution>,
): Pick<JobRow, "id" | "status" | "nextExecutionAt" | "blocked" | "reviewAt"> {
  const { nextAt, reviewAt } = next;
  const status = nextAt === null && reviewAt === null ? "completed" : "active";
  return { id, status, nextExecutionAt: nextAt, blocked: JSON.stringify(next.blocked), reviewAt };
}

/** What is blocked before a job's next execution. */
export function blockedOf(job: JobRow): readonly BlockedSpan[] {
  // The column holds what `afterwards` wrote, and nothing else writes it.
  return JSON.parse(job.blocked) as BlockedSpan[];
}
