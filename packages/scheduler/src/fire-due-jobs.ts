import {
  misfireGraceMs,
  nextExecution,
  planFiring,
  timetableOf,
  type MissedSpan,
} from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import {
  claimDueJobs,
  findJobsWithOpenInstance,
  heldBackOccurrences,
  insertMissedOccurrences,
  insertWaitingStart,
  lockInstances,
  queueOccurrence,
  setJobsFired,
  takeQueuedJobs,
  type Database,
  type Db,
  type FiredJob,
  type InstanceRow,
  type JobRow,
  type MissedOccurrences,
} from "@courier/store";
import type { AdvanceContext } from "./advance-group.ts";
import { advanceInstance } from "./advance-instance.ts";
import { decideStartOf } from "./begin-instance.ts";
import { BudgetGate } from "./budget-gate.ts";
import { Effects } from "./effects.ts";
import { expandInstances, type Expansion } from "./expand-instance.ts";
import { FreshRuns } from "./fresh-runs.ts";
import { dueJobsPerTurn } from "./limits.ts";
import { loadExceptions, type Exceptions } from "./load-exceptions.ts";
import { FiredAlready, PendingWrites } from "./pending-writes.ts";
import { afterwards, blockedOf } from "./recalculate.ts";
import { templateOf } from "./template-of.ts";
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
  /** Jobs that are inactive now, because their stored schedule cannot be computed. */
  readonly broken: readonly string[];
  /** Occurrences that came and are not executed; recorded. */
  readonly missed: readonly MissedOccurrences[];
  /** More jobs are due than one pass takes. */
  readonly mayHaveMore: boolean;
}

/**
 * Claims due jobs and, in one transaction, creates their instances with all runs, sets the jobs' next time, and starts
 * the first batches: an immediate job needs one commit from here to its first assignment. What all jobs need is written
 * together, so that a burst of them pays for its rows.
 */
export async function fireDueJobs(db: Database, context: FireContext): Promise<Fired> {
  const fired = new Set<string>();
  for (;;) {
    try {
      return await firePass(db, { ...context, fired });
    } catch (error) {
      // Rare: whoever fires holds the locks of the jobs, and sets their next times. All is decided again, without these.
      if (!(error instanceof FiredAlready)) throw error;
      for (const instance of error.instances) fired.add(occurrenceOf(instance));
    }
  }
}

interface PassContext extends FireContext {
  /** Occurrences that are known to have fired. */
  readonly fired: ReadonlySet<string>;
}

async function firePass(db: Database, context: PassContext): Promise<Fired> {
  return db.transaction(async (tx) => {
    const { now } = context;
    const effects = new Effects();
    const writes = new PendingWrites();
    const turn: Turn & AdvanceContext = { tx, effects, writes, ...context };
    const pass = new FiringPass(tx, context);
    const waited = await startWaiting(tx, { ...context, exceptions: () => pass.exceptions() });
    const queued = await takeQueuedJobs(tx, dueJobsPerTurn);
    const jobs = await claimDueJobs(tx, { now, limit: dueJobsPerTurn });
    const plans = await pass.plan(jobs);
    await pass.learnOpen([...queued.map(({ job }) => job.id), ...plans.map(({ job }) => job.id)]);
    for (const { job, nominalAt } of queued) {
      await pass.start(job, templateOf(job), { nominalAt, isOnTime: false });
    }
    for (const { job, template, fire } of plans) {
      for (const occurrence of fire) await pass.start(job, template, occurrence);
    }
    await setJobsFired(tx, { jobs: [...plans.map(({ fired }) => fired), ...pass.broken], now });
    await insertMissedOccurrences(tx, pass.missed);
    const started = await expandInstances(tx, pass.starts);
    effects.created.push(...started.map(({ instance }) => instance));
    writes.insert(started);
    const waitedIds = waited.filter((id) => id !== null);
    const gate = new BudgetGate(turn);
    const fresh = await FreshRuns.of(tx, started);
    const instances = [...(await lockInstances(tx, waitedIds)), ...started];
    for (const instance of instances) await advanceInstance(instance, { ...turn, fresh, gate });
    await writes.flush(turn);
    return {
      ...{ effects, missed: pass.missed, broken: pass.broken.map(({ id }) => id) },
      firedCount: instances.length,
      mayHaveMore: jobs.length === dueJobsPerTurn,
    };
  });
}

function occurrenceOf({ jobId, nominalAt }: Pick<InstanceRow, "jobId" | "nominalAt">): string {
  return `${jobId} ${nominalAt}`;
}

interface DueOccurrence {
  /** Unix ms. */
  readonly nominalAt: number;
  /** It has not waited, and does not make up for one that was missed. */
  readonly isOnTime: boolean;
}

/** What a due job does. */
interface JobPlan {
  readonly job: JobRow;
  readonly template: CanonicalJob;
  /** Occurrences to execute, oldest first. */
  readonly fire: readonly DueOccurrence[];
  readonly fired: FiredJob;
}

/** One pass: what it creates and leaves out, and the exceptions that it reads at most once. */
class FiringPass {
  readonly tx: Db;
  readonly context: PassContext;
  /** Occurrences that start now. */
  readonly starts: Expansion[] = [];
  readonly missed: MissedOccurrences[] = [];
  /** Jobs whose stored schedule cannot be computed: they become inactive, so that they keep nobody else from firing. */
  readonly broken: FiredJob[] = [];
  readonly #fired: Set<string>;
  readonly #open = new Set<string>();
  #exceptions: Promise<Exceptions> | undefined;

  constructor(tx: Db, context: PassContext) {
    this.tx = tx;
    this.context = context;
    this.#fired = new Set(context.fired);
  }

  exceptions(): Promise<Exceptions> {
    this.#exceptions ??= loadExceptions(this.tx);
    return this.#exceptions;
  }

  /** Decides for each job what it does; touches nothing. */
  async plan(jobs: readonly JobRow[]): Promise<JobPlan[]> {
    if (jobs.length === 0) return [];
    const exceptions = await this.exceptions();
    return jobs.flatMap((job) => {
      try {
        return [planOf(this, job, exceptions)];
      } catch {
        // Told by `broken`. A rule that an older version took, or a defect of ours: the next pass would fail alike.
        const { id, blocked, exceptionsVersion } = job;
        const over = { nextExecutionAt: null, blocked, exceptionsVersion, reviewAt: null };
        this.broken.push({ id, status: "inactive", ...over });
        return [];
      }
    });
  }

  /** Reads which of these jobs have an instance that has not ended. */
  async learnOpen(jobIds: readonly string[]): Promise<void> {
    for (const id of await findJobsWithOpenInstance(this.tx, jobIds)) this.#open.add(id);
  }

  /** Starts an occurrence, or does with it what freezes and the job's overlap policy say. */
  async start(job: JobRow, template: CanonicalJob, occurrence: DueOccurrence): Promise<void> {
    const { nominalAt, isOnTime } = occurrence;
    const { tx } = this;
    const { now, newId } = this.context;
    const exceptions = await this.exceptions();
    // What is on time was free at its own time; what was late, or has waited, must not start within a freeze.
    const isInstanceOpen = this.#open.has(job.id);
    const about = { template, now, exceptions, ignoresExceptions: isOnTime };
    const decision = decideStartOf({ ...about, isInstanceOpen });
    switch (decision.kind) {
      case "start":
        this.#startOnce({ job, nominalAt, now, newId });
        this.#open.add(job.id);
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

  /** A job whose schedule was changed can be due again at a time for which it has fired. */
  #startOnce(expansion: Expansion): void {
    const occurrence = occurrenceOf({ ...expansion, jobId: expansion.job.id });
    if (this.#fired.has(occurrence)) return;
    this.#fired.add(occurrence);
    this.starts.push(expansion);
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
function planOf(pass: FiringPass, job: JobRow, exceptions: Exceptions): JobPlan {
  const { now } = pass.context;
  const template = templateOf(job);
  const timetable = timetableOf(template, job.anchoredAt, exceptions.windows);
  const dueAt = job.nextExecutionAt ?? now;
  const exceptionsVersion = exceptions.version;
  if (timetable.schedule.kind === "immediate") {
    // It starts now, or waits for the end of what blocks it.
    const next = nextExecution(timetable, now - 1);
    const isFree = next.nextAt === now;
    const over = { nextAt: null, blocked: [], reviewAt: null };
    const fired = { ...afterwards(job.id, isFree ? over : next), exceptionsVersion };
    return { job, template, fire: isFree ? [{ nominalAt: dueAt, isOnTime: true }] : [], fired };
  }
  const misfirePolicy = template.misfirePolicy ?? "runLatest";
  const firing = planFiring(timetable, { dueAt, now, misfirePolicy });
  pass.missed.push(...heldBackOccurrences(job.id, [...blockedOf(job), ...firing.heldBack], now));
  pass.misfire(job, firing.missed, misfirePolicy);
  const fire = firing.fire.map((nominalAt) => ({
    nominalAt,
    isOnTime: now - nominalAt <= misfireGraceMs,
  }));
  const fired = { ...afterwards(job.id, firing), exceptionsVersion };
  return { job, template, fire, fired };
}
