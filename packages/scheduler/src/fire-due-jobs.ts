import {
  claimDueJobs,
  lockInstances,
  setJobFired,
  type Database,
  type JobRow,
} from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { Effects } from "./effects.ts";
import { expandInstance } from "./expand-instance.ts";
import { dueJobsPerTurn } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** What firing is told from outside. */
export interface FireContext {
  readonly now: number;
  readonly presenceSettledAt: number;
  readonly newId: () => string;
}

/** What one pass fired. */
export interface Fired {
  readonly effects: Effects;
  readonly jobCount: number;
}

/**
 * Claims due jobs and, in one transaction, creates their instances with all runs, sets the jobs' next time, and starts
 * the first batches: an immediate job needs one commit from here to its first assignment.
 */
export async function fireDueJobs(db: Database, context: FireContext): Promise<Fired> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const turn: Turn = { tx, effects, ...context };
    const jobs = await claimDueJobs(tx, { now: context.now, limit: dueJobsPerTurn });
    const created: string[] = [];
    for (const job of jobs) {
      const instanceId = await fire(turn, job, context);
      if (instanceId !== null) created.push(instanceId);
    }
    for (const locked of await lockInstances(tx, created)) await advanceInstance(locked, turn);
    return { effects, jobCount: jobs.length };
  });
}

/** An immediate job has one occurrence: when it was added. It is completed once that has fired (semantics.md section 3). */
async function fire(turn: Turn, job: JobRow, context: FireContext): Promise<string | null> {
  const { now, newId } = context;
  const nominalAt = job.nextExecutionAt ?? now;
  const instanceId = await expandInstance(turn.tx, { job, nominalAt, now, newId });
  await setJobFired(turn.tx, { id: job.id, status: "completed", nextExecutionAt: null, now });
  return instanceId;
}
