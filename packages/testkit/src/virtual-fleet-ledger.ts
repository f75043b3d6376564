/** What a fleet has seen of one job; instants are Unix ms, null before there was any. */
export interface JobTally {
  /** Runs that arrived, each counted once. */
  readonly assigned: number;
  /** Assignments that arrived again. */
  readonly repeated: number;
  /** Results that the service acknowledged, which it does after its commit. */
  readonly acknowledged: number;
  readonly firstAssignedAt: number | null;
  readonly lastAssignedAt: number | null;
  readonly lastAcknowledgedAt: number | null;
}

/** A count of one job to wait for. */
export interface JobGoal {
  readonly jobId: string;
  readonly counter: "assigned" | "acknowledged";
  readonly count: number;
}

interface Waiting {
  readonly goal: JobGoal;
  readonly resolve: (tally: JobTally) => void;
}

type MutableTally = { -readonly [Key in keyof JobTally]: JobTally[Key] };

/** Counts what arrives at a fleet's agents, job by job, and wakes those who wait for a count. */
export class FleetLedger {
  readonly #tallies = new Map<string, MutableTally>();
  readonly #waiting = new Set<Waiting>();

  /** A run arrived for the first time. */
  countAssigned(jobId: string, now: number): void {
    const tally = this.#open(jobId);
    tally.assigned += 1;
    tally.firstAssignedAt ??= now;
    tally.lastAssignedAt = now;
    this.#wake(jobId, tally);
  }

  /** A run that the agent knows arrived again. */
  countRepeated(jobId: string): void {
    this.#open(jobId).repeated += 1;
  }

  /** The service has recorded a result. */
  countAcknowledged(jobId: string, now: number): void {
    const tally = this.#open(jobId);
    tally.acknowledged += 1;
    tally.lastAcknowledgedAt = now;
    this.#wake(jobId, tally);
  }

  /** What has been seen of a job so far. */
  tally(jobId: string): JobTally {
    return { ...this.#open(jobId) };
  }

  /** Resolves as soon as the count is reached; rejects when the signal aborts. */
  reached(goal: JobGoal, signal?: AbortSignal): Promise<JobTally> {
    const tally = this.#open(goal.jobId);
    if (tally[goal.counter] >= goal.count) return Promise.resolve({ ...tally });
    return new Promise((resolve, reject) => {
      const waiting = { goal, resolve };
      this.#waiting.add(waiting);
      const onAbort = (): void => {
        if (!this.#waiting.delete(waiting)) return;
        reject(new Error(`${tally[goal.counter]} of ${goal.count} runs ${goal.counter}`));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #open(jobId: string): MutableTally {
    const known = this.#tallies.get(jobId);
    if (known !== undefined) return known;
    const fresh: MutableTally = {
      assigned: 0,
      repeated: 0,
      acknowledged: 0,
      firstAssignedAt: null,
      lastAssignedAt: null,
      lastAcknowledgedAt: null,
    };
    this.#tallies.set(jobId, fresh);
    return fresh;
  }

  #wake(jobId: string, tally: MutableTally): void {
    for (const waiting of this.#waiting) {
      const { goal, resolve } = waiting;
      if (goal.jobId !== jobId || tally[goal.counter] < goal.count) continue;
      this.#waiting.delete(waiting);
      resolve({ ...tally });
    }
  }
}
