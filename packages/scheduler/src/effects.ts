import type { StopOutcome } from "@courier/protocol";
import type { InstanceRow } from "@courier/store";

/** A run that a committed transaction gave to its node. */
export interface DispatchedRun {
  readonly id: string;
  readonly nodeId: string;
  readonly token: number;
  readonly instanceId: string;
  /** The node's session when this was decided; null: it was offline, its next session is told by reconciliation. */
  readonly sessionId: string | null;
}

/** A run that its node has to stop. */
export interface StoppedRun {
  readonly id: string;
  readonly nodeId: string;
  readonly token: number;
  readonly outcome: StopOutcome;
}

/** What a transaction wants to happen once it has committed. Dropped when it rolls back. */
export class Effects {
  readonly dispatched: DispatchedRun[] = [];
  readonly stopped: StoppedRun[] = [];
  /** Instances that were made here: whoever announces their runs need not read them. */
  readonly created: InstanceRow[] = [];
  /** Instances whose counters, groups or status changed. */
  readonly changedInstances: Set<string> = new Set();
  /** Runs that got another status, by instance; beside those that were dispatched. */
  readonly movedRuns: Map<string, string[]> = new Map();
  /** Instances of which so many runs moved at once that nobody has their ids. */
  readonly movedInBulk: Set<string> = new Set();
  /** Runs whose steps or output changed. */
  readonly changedRuns: Set<string> = new Set();
  /** Instances that have more to do right away. */
  readonly again: Set<string> = new Set();
  /** Instances to look at again at a time (Unix ms). */
  readonly later: Map<string, number> = new Map();
  /** Whether runs have ended that used a disruption budget: others may start instead. */
  haveBudgetsFreed = false;
  /** Ended runs by outcome, for the statistics. */
  readonly outcomes: Map<string, number> = new Map();

  /** Asks for a look at an instance at a time (Unix ms); of several the earliest counts. */
  lookAt(instanceId: string, at: number): void {
    this.later.set(instanceId, Math.min(at, this.later.get(instanceId) ?? at));
  }

  /** Tells who follows an instance which of its runs got another status. */
  moved(instanceId: string, runId: string): void {
    const runIds = this.movedRuns.get(instanceId);
    if (runIds === undefined) this.movedRuns.set(instanceId, [runId]);
    else runIds.push(runId);
  }

  /** Counts ended runs for the statistics. */
  countOutcome(outcome: string, count: number): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + count);
  }
}
