import type { Bus, Unsubscribe } from "@courier/bus";
import type { Clock, PauseEvent, Service } from "@courier/core";
import {
  workTopic,
  type Asker,
  type CancelAnswer,
  type Explanation,
  type Hello,
  type JobControl,
  type NodeReports,
  type NodeSession,
  type PauseAnswer,
  type RerunAnswer,
  type RerunOrder,
  type RunReport,
  type StartAnswer,
  type StartOrder,
} from "@courier/protocol";
import {
  nextJobDueAt,
  setAllNodesOffline,
  type ArchiveStore,
  type Database,
  type UnacceptedRun,
} from "@courier/store";
import type { Logger } from "pino";
import { Announcer } from "./announcer.ts";
import { cancelInstance, cancelRun } from "./cancel.ts";
import type { Effects } from "./effects.ts";
import { explain } from "./explain.ts";
import { endUnconfirmed, listOverdue } from "./expire.ts";
import { fireDueJobs } from "./fire-due-jobs.ts";
import {
  evidenceBatch,
  budgetIntervalMs,
  expireIntervalMs,
  fireIntervalMs,
  presenceGraceMs,
  recalculationIntervalMs,
  rescueIntervalMs,
  retentionBatch,
  retentionIntervalMs,
  sweepIntervalMs,
} from "./limits.ts";
import { Loop, type LoopWork } from "./loop.ts";
import { listHeld } from "./release-held.ts";
import { pauseInstance } from "./pause.ts";
import { Pump } from "./pump.ts";
import { recalculateJobs } from "./recalculate.ts";
import { abandonStranded, listForSweep, redeliver } from "./rescue.ts";
import { rerun } from "./rerun.ts";
import { deleteExpired } from "./retain.ts";
import { startJob } from "./start-job.ts";
import { deleteExpiredEvidence, sweepArchives } from "./retain-evidence.ts";

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly db: Database;
  /** Where the bytes of evidence are; without it they are left alone. */
  readonly archives?: ArchiveStore;
  readonly bus: Bus;
  readonly clock: Clock;
  /** A fresh lower-case UUID. */
  readonly newId: () => string;
  readonly log: Logger;
}

/** Plain numbers for the metrics page. */
export interface SchedulerStats {
  readonly firedJobs: number;
  readonly dispatchedRuns: number;
  readonly endedRuns: Readonly<Record<string, number>>;
  /** Node frames that wait for their commit. */
  readonly backlog: number;
}

/**
 * Turns due jobs into instances and drives every instance to its end.
 * All of its state is in the database; killing it at any moment and starting it again loses nothing.
 */
export class Scheduler implements Service, NodeReports, JobControl {
  readonly #options: SchedulerOptions;
  readonly #pump: Pump;
  readonly #fireLoop: Loop;
  readonly #recalculateLoop: Loop;
  readonly #releaseLoop: Loop;
  readonly #loops: readonly Loop[];
  readonly #endedRuns = new Map<string, number>();
  readonly #controlled = new Set<Promise<unknown>>();
  #firedJobs = 0;
  #dispatchedRuns = 0;
  #presenceSettledAt = 0;
  /** The last run that the rescuer sent again before it had enough for once. */
  #redeliveredUpTo: UnacceptedRun | undefined;
  /** Where the sweep of archives goes on. */
  #sweptUpTo = "";
  #unsubscribe: Unsubscribe | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const announcer = new Announcer(options);
    const onCommitted = (effects: Effects): void => this.#count(effects);
    this.#pump = new Pump({ ...options, announcer, onCommitted });
    this.#fireLoop = this.#loop("fire-due-jobs", fireIntervalMs, () => this.#fire());
    this.#recalculateLoop = this.#loop("recalculate", recalculationIntervalMs, () =>
      this.#recalculate(),
    );
    this.#releaseLoop = this.#loop("release", budgetIntervalMs, () => this.#release());
    this.#loops = [
      this.#fireLoop,
      this.#recalculateLoop,
      this.#releaseLoop,
      this.#loop("expire", expireIntervalMs, () => this.#expire()),
      this.#loop("rescue", rescueIntervalMs, () => this.#rescue()),
      this.#loop("sweep", sweepIntervalMs, () => this.#sweep()),
      this.#loop("retain", retentionIntervalMs, () => this.#retain()),
    ];
  }

  async start(): Promise<void> {
    const { db, bus, clock } = this.#options;
    const now = clock.now();
    this.#presenceSettledAt = now + presenceGraceMs;
    this.#pump.presenceSettledAt = this.#presenceSettledAt;
    await db.transaction((tx) => setAllNodesOffline(tx, now));
    await this.#pump.start();
    for (const loop of this.#loops) await loop.start();
    this.#unsubscribe = bus.subscribe(workTopic, (message) => {
      this.#fireLoop.wake();
      if (isAboutExceptions(message)) this.#recalculateLoop.wake();
      this.#releaseLoop.wake();
    });
  }

  /** Finishes what is under way: loops, what people asked for, and what nodes reported. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const loop of this.#loops) await loop.stop();
    await Promise.allSettled(this.#controlled);
    await this.#pump.stop();
  }

  async connected(hello: Hello, session: NodeSession): Promise<void> {
    await this.#pump.arrive({ hello, session });
  }

  async disconnected(session: NodeSession): Promise<void> {
    await this.#pump.depart(session);
  }

  async reported(nodeId: string, reports: readonly RunReport[]): Promise<void> {
    await this.#pump.record({ nodeId, reports });
  }

  cancelInstance(instanceId: string, asker: Asker): Promise<CancelAnswer> {
    const context = { ...this.#moment(), asker };
    return this.#control(cancelInstance(this.#options.db, instanceId, context));
  }

  cancelRun(runId: string, asker: Asker): Promise<CancelAnswer> {
    const context = { ...this.#moment(), asker };
    return this.#control(cancelRun(this.#options.db, runId, context));
  }

  pauseInstance(instanceId: string, event: PauseEvent, asker: Asker): Promise<PauseAnswer> {
    const context = { ...this.#moment(), asker };
    return this.#control(pauseInstance(this.#options.db, { instanceId, event }, context));
  }

  startJob(order: StartOrder, asker: Asker): Promise<StartAnswer> {
    const { db, newId } = this.#options;
    return this.#control(startJob(db, order, { ...this.#moment(), newId, asker }));
  }

  rerun(order: RerunOrder, asker: Asker): Promise<RerunAnswer> {
    const { db, newId } = this.#options;
    return this.#control(rerun(db, order, { ...this.#moment(), newId, asker }));
  }

  explain(instanceId: string): Promise<Explanation | undefined> {
    return explain(this.#options.db, instanceId, this.#moment());
  }

  /** Counts since the process started. */
  stats(): SchedulerStats {
    return {
      firedJobs: this.#firedJobs,
      dispatchedRuns: this.#dispatchedRuns,
      endedRuns: Object.fromEntries(this.#endedRuns),
      backlog: this.#pump.backlog,
    };
  }

  /** Carries out what somebody asked for; a stop of the scheduler waits for it. */
  async #control<Answer>(
    work: Promise<{ readonly answer: Answer; readonly effects: Effects }>,
  ): Promise<Answer> {
    const followed = work.then(async ({ answer, effects }) => {
      await this.#pump.follow(effects);
      return answer;
    });
    this.#controlled.add(followed);
    try {
      return await followed;
    } finally {
      this.#controlled.delete(followed);
    }
  }

  #loop(name: string, intervalMs: number, work: LoopWork): Loop {
    const { clock, log } = this.#options;
    return new Loop({ name, clock, log, intervalMs, work });
  }

  #moment(): { now: number; presenceSettledAt: number } {
    return { now: this.#options.clock.now(), presenceSettledAt: this.#presenceSettledAt };
  }

  #count(effects: Effects): void {
    this.#dispatchedRuns += effects.dispatched.length;
    for (const [outcome, count] of effects.outcomes) {
      this.#endedRuns.set(outcome, (this.#endedRuns.get(outcome) ?? 0) + count);
    }
  }

  /** Comes back when the next job is due: whoever looked at intervals would be late by half of one. */
  async #fire(): Promise<boolean | number> {
    const { db, clock, newId } = this.#options;
    const { effects, firedCount, missed, broken, mayHaveMore } = await fireDueJobs(db, {
      ...this.#moment(),
      newId,
    });
    this.#firedJobs += firedCount;
    for (const { jobId, cause, count, lastAt } of missed) {
      this.#options.log.warn({ jobId, cause, count, lastAt }, "occurrences are not executed");
    }
    for (const jobId of broken) {
      this.#options.log.error(
        { jobId },
        "the job's schedule cannot be computed, it is inactive now",
      );
    }
    if (firedCount > 0) await this.#pump.follow(effects);
    if (mayHaveMore) return true;
    const nextAt = await nextJobDueAt(db);
    return nextAt === null ? false : Math.max(1, nextAt - clock.now());
  }

  async #recalculate(): Promise<boolean> {
    const { db, clock } = this.#options;
    const now = clock.now();
    return recalculateJobs(db, { now, monotonicMs: () => clock.monotonicMs() });
  }

  async #expire(): Promise<boolean> {
    const moment = this.#moment();
    this.#pump.markDue(await listOverdue(this.#options.db, moment.now));
    await this.#pump.follow(await endUnconfirmed(this.#options.db, moment));
    return false;
  }

  async #rescue(): Promise<boolean> {
    const moment = this.#moment();
    const { effects, next } = await redeliver(this.#options.db, {
      now: moment.now,
      after: this.#redeliveredUpTo,
    });
    this.#redeliveredUpTo = next;
    await this.#pump.follow(effects);
    await this.#pump.follow(await abandonStranded(this.#options.db, moment));
    return false;
  }

  async #release(): Promise<boolean> {
    this.#pump.markDue(await listHeld(this.#options.db));
    return false;
  }

  async #sweep(): Promise<boolean> {
    this.#pump.markDue(await listForSweep(this.#options.db));
    return false;
  }

  async #retain(): Promise<boolean> {
    const { db, archives, clock } = this.#options;
    const now = clock.now();
    const deleted = await deleteExpired(db, now);
    const hasMore = archives !== undefined && (await this.#retainEvidence(archives, now));
    return deleted >= retentionBatch || hasMore;
  }

  async #retainEvidence(archives: ArchiveStore, now: number): Promise<boolean> {
    const { db } = this.#options;
    const deletedCount = await deleteExpiredEvidence(db, { archives, now });
    this.#sweptUpTo = await sweepArchives(db, { archives, now, cursor: this.#sweptUpTo });
    return deletedCount >= evidenceBatch;
  }
}

function isAboutExceptions(message: unknown): boolean {
  return (
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    message.kind === "exceptions"
  );
}
