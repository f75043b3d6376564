import {
  misfireGraceMs,
  nextExecution,
  planFiring,
  timetableOf,
  type MissedSpan,
  type NextExecution,
} from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import {
  claimDueJobs,
  heldBackOccurrences,
  insertMissedOccurrences,
  insertWaitingStart,
  lockInstances,
  queueOccurrence,
  setJobFired,
  takeQueuedJobs,
  type Database,
  type Db,
  type JobRow,
  type MissedOccurrences,
} from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { decideStartNow, templateOf } from "./begin-instance.ts";
import { Effects } from "./effects.ts";
import { expandInstance } from "./expand-instance.ts";
import { dueJobsPerTurn } from "./limits.ts";
import { loadExceptions, type Exceptions } from "./load-exceptions.ts";
import { afterwards, blockedOf } from "./recalculate.ts";
import type { Turn } from "./turn.ts";
import { startWaiting } from "./waiting-starts.ts";

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
  /** Occurrences that came and are not executed; recorded. */
  readonly missed: readonly MissedOccurrences[];
  /** More jobs are due than one pass takes. */
  readonly mayHaveMore: boolean;
}

/**
 * Claims due jobs and, in one transaction, creates their instances with all runs, sets the jobs' next time, and starts
 * the first batches: an immediate job needs one commit from here to its first assignment.
 */
export async function fireDueJobs(db: Database, context: FireContext): Promise<Fired> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const turn: Turn = { tx, effects, ...context };
    const pass = new FiringPass(tx, context);
    const created = await startWaiting(tx, { ...context, exceptions: () => pass.exceptions() });
    for (const { job, nominalAt } of await takeQueuedJobs(tx, dueJobsPerTurn)) {
      await pass.start(job, templateOf(job), { nominalAt, isOnTime: false });
    }
    const jobs = await claimDueJobs(tx, { now: context.now, limit: dueJobsPerTurn });
    for (const job of jobs) await fire(pass, job);
    await insertMissedOccurrences(tx, pass.missed);
    const ids = [...created, ...pass.created].filter((id) => id !== null);
    for (const locked of await lockInstances(tx, ids)) await advanceInstance(locked, turn);
    return {
      ...{ effects, missed: pass.missed },
      firedCount: ids.length,
      mayHaveMore: jobs.length === dueJobsPerTurn,
    };
  });
}

/** One pass: what it creates and leaves out, and the exceptions that it reads at most once. */
class FiringPass {
  readonly tx: Db;
  readonly context: FireContext;
  /** Null: another scheduler has fired this occurrence. */
  readonly created: (string | null)[] = [];
  readonly missed: MissedOccurrences[] = [];
  #exceptions: Promise<Exceptions> | undefined;

  constructor(tx: Db, context: FireContext) {
    this.tx = tx;
    this.context = context;
  }

  exceptions(): Promise<Exceptions> {
    this.#exceptions ??= loadExceptions(this.tx);
    return this.#exceptions;
  }

  /** Starts an occurrence, or does with it what freezes and the job's overlap policy say. */
  async start(
    job: JobRow,
    template: CanonicalJob,
    occurrence: { readonly nominalAt: number; readonly isOnTime: boolean },
  ): Promise<void> {
    const { nominalAt, isOnTime } = occurrence;
    const { tx } = this;
    const { now, newId } = this.context;
    const exceptions = await this.exceptions();
    // What is on time was free at its own time; what was late, or has waited, must not start within a freeze.
    const about = { job, template, now, exceptions, ignoresExceptions: isOnTime };
    const decision = await decideStartNow(tx, about);
    switch (decision.kind) {
      case "start":
        this.created.push(await expandInstance(tx, { job, nominalAt, now, newId }));
        break;
      case "drop":
        this.miss(job, nominalAt, { cause: "overlapPolicy", reason: decision.reason });
        break;
      case "queue":
        if (await queueOccurrence(tx, { id: job.id, nominalAt })) break;
        this.miss(job, nominalAt, {
          cause: "overlapPolicy",
          reason: `${decision.reason}, and another occurrence waits for it already`,
        });
        break;
      case "hold": {
        const { reason, notBefore } = decision;
        const start = { id: newId(), jobId: job.id, nominalAt, notBefore, reason, createdAt: now };
        const waiting = { ...start, askedBy: "", ignoresExceptions: false };
        if (await insertWaitingStart(tx, waiting)) break;
        this.miss(job, nominalAt, {
          cause: "exception",
          reason: `${reason}, and another start waits already`,
        });
      }
    }
  }

  /** Notes that an occurrence (Unix ms) is left out. */
  miss(job: JobRow, at: number, why: Pick<MissedOccurrences, "cause" | "reason">): void {
    const times = { firstAt: at, lastAt: at, count: 1, recordedAt: this.context.now };
    this.missed.push({ jobId: job.id, ...why, ...times });
  }

  /** Notes what was missed while no service was there. */
  misfire(job: JobRow, span: MissedSpan | null, misfirePolicy: string): void {
    if (span === null) return;
    const { firstAt, lastAt, count, isCounted } = span;
    const reason = `no service was there in time, and the job's misfirePolicy is ${misfirePolicy}`;
    this.missed.push({
      ...{ jobId: job.id, cause: "misfirePolicy", firstAt, lastAt, count },
      reason: isCounted ? reason : `${reason}; they were more than ${count}, and are not counted`,
      recordedAt: this.context.now,
    });
  }
}

/** An immediate job has one occurrence: when it was added. It is completed once that has fired (semantics.md section 3). */
async function fire(pass: FiringPass, job: JobRow): Promise<void> {
  const { tx, context } = pass;
  const { now } = context;
  const template = templateOf(job);
  const exceptions = await pass.exceptions();
  const timetable = timetableOf(template, job.anchoredAt, exceptions.windows);
  const dueAt = job.nextExecutionAt ?? now;
  const misfirePolicy = template.misfirePolicy ?? "runLatest";
  if (timetable.schedule.kind === "immediate") {
    await fireImmediate(pass, { job, template, next: nextExecution(timetable, now - 1) });
    return;
  }
  const firing = planFiring(timetable, { dueAt, now, misfirePolicy });
  pass.missed.push(...heldBackOccurrences(job.id, [...blockedOf(job), ...firing.heldBack], now));
  pass.misfire(job, firing.missed, misfirePolicy);
  for (const nominalAt of firing.fire) {
    await pass.start(job, template, { nominalAt, isOnTime: now - nominalAt <= misfireGraceMs });
  }
  const exceptionsVersion = exceptions.version;
  await setJobFired(tx, { ...afterwards(job.id, firing), exceptionsVersion, now });
}

/** It starts now, or waits for the end of what blocks it. */
async function fireImmediate(
  pass: FiringPass,
  about: {
    readonly job: JobRow;
    readonly template: CanonicalJob;
    readonly next: NextExecution;
  },
): Promise<void> {
  const { job, template, next } = about;
  const { tx, context } = pass;
  const { now } = context;
  const exceptionsVersion = (await pass.exceptions()).version;
  const isFree = next.nextAt === now;
  const nominalAt = job.nextExecutionAt ?? now;
  if (isFree) await pass.start(job, template, { nominalAt, isOnTime: true });
  const over = { nextAt: null, blocked: [], reviewAt: null };
  await setJobFired(tx, { ...afterwards(job.id, isFree ? over : next), exceptionsVersion, now });
}
