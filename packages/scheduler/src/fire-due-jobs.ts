import { planFiring, timetableOf } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import {
  claimDueJobs,
  hasOpenInstance,
  lockInstances,
  queueOccurrence,
  setJobFired,
  takeQueuedJobs,
  type Database,
  type Db,
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
  /** Instances created. */
  readonly firedCount: number;
  /** Occurrences that came and are not executed. */
  readonly dropped: readonly DroppedOccurrences[];
  /** More jobs are due than one pass takes. */
  readonly mayHaveMore: boolean;
}

/** Occurrences of one job that its policies leave out (semantics.md section 2). */
export interface DroppedOccurrences {
  readonly jobId: string;
  readonly policy: "misfirePolicy" | "overlapPolicy";
  /** Unix ms, ascending; at least one. */
  readonly nominalTimes: readonly number[];
}

/**
 * Claims due jobs and, in one transaction, creates their instances with all runs, sets the jobs' next time, and starts
 * the first batches: an immediate job needs one commit from here to its first assignment.
 */
export async function fireDueJobs(db: Database, context: FireContext): Promise<Fired> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const turn: Turn = { tx, effects, ...context };
    const created: (string | null)[] = [];
    const { now, newId } = context;
    for (const { job, nominalAt } of await takeQueuedJobs(tx, dueJobsPerTurn)) {
      created.push(await expandInstance(tx, { job, nominalAt, now, newId }));
    }
    const jobs = await claimDueJobs(tx, { now, limit: dueJobsPerTurn });
    const dropped: DroppedOccurrences[] = [];
    for (const job of jobs) {
      const firing = await fire(turn, job, context);
      created.push(...firing.created);
      dropped.push(...firing.dropped);
    }
    const ids = created.filter((id) => id !== null);
    for (const locked of await lockInstances(tx, ids)) await advanceInstance(locked, turn);
    return {
      ...{ effects, dropped },
      firedCount: ids.length,
      mayHaveMore: jobs.length === dueJobsPerTurn,
    };
  });
}

interface JobFiring {
  readonly created: readonly string[];
  readonly dropped: readonly DroppedOccurrences[];
}

/** An immediate job has one occurrence: when it was added. It is completed once that has fired (semantics.md section 3). */
async function fire(turn: Turn, job: JobRow, context: FireContext): Promise<JobFiring> {
  const { now } = context;
  // The column holds the canonical form of a template that was validated when the job was added.
  const template = JSON.parse(job.template) as CanonicalJob;
  const dueAt = job.nextExecutionAt ?? now;
  const timetable = timetableOf(template, job.createdAt);
  const misfirePolicy = template.misfirePolicy ?? "runLatest";
  const {
    fire: nominalTimes,
    missed,
    nextAt,
  } = timetable.schedule.kind === "immediate"
    ? { fire: [dueAt], missed: [], nextAt: null }
    : planFiring(timetable, { dueAt, now, misfirePolicy });
  const created: string[] = [];
  const overlapping: number[] = [];
  for (const nominalAt of nominalTimes) {
    const started = await start(turn.tx, { ...context, job, nominalAt, template });
    if (started === "dropped") overlapping.push(nominalAt);
    else if (started !== "waits") created.push(started.instanceId);
  }
  const status = nextAt === null ? "completed" : "active";
  await setJobFired(turn.tx, { id: job.id, status, nextExecutionAt: nextAt, now });
  const dropped: DroppedOccurrences[] = [
    { jobId: job.id, policy: "misfirePolicy", nominalTimes: missed },
    { jobId: job.id, policy: "overlapPolicy", nominalTimes: overlapping },
  ];
  return { created, dropped: dropped.filter(({ nominalTimes: times }) => times.length > 0) };
}

type Started = { readonly instanceId: string } | "waits" | "dropped";

/** Starts an occurrence, or does with it what the job's overlap policy says while another instance is open. */
async function start(
  tx: Db,
  occurrence: FireContext & {
    readonly job: JobRow;
    readonly nominalAt: number;
    readonly template: CanonicalJob;
  },
): Promise<Started> {
  const { job, nominalAt, template } = occurrence;
  const policy = template.overlapPolicy ?? "queue";
  const isFree = policy === "allow" || !(await hasOpenInstance(tx, job.id));
  if (isFree) {
    const instanceId = await expandInstance(tx, occurrence);
    // Null: another scheduler has fired this occurrence.
    return instanceId === null ? "waits" : { instanceId };
  }
  if (policy === "skip") return "dropped";
  return (await queueOccurrence(tx, { id: job.id, nominalAt })) ? "waits" : "dropped";
}
