import type { InstanceWait, RunWaitKind } from "@courier/core";

/** What keeps a group from moving. `presence`: a node that its policy does not wait for may still come back after a start. */
export type RolloutWait =
  | Exclude<InstanceWait, { readonly kind: "budget" }>
  | BudgetHold
  | { readonly kind: "presence"; readonly until: number; readonly nodeName: string };

/** Runs of a group that were passed over because a disruption budget is used up. */
export interface BudgetHold {
  readonly kind: "budget";
  readonly budgetId: string;
  readonly budgetName: string;
  /** Runs that wait for it. */
  readonly waitingCount: number;
  /** Nodes under change, how many may be, and how many the budget is about. */
  readonly holdingCount: number;
  readonly maxCount: number;
  readonly nodeCount: number;
  /** Since when runs of the group wait, Unix ms. */
  readonly since: number | null;
  /** Some of the runs that use it. */
  readonly holders: readonly BudgetHolderExample[];
}

/** A run that uses a disruption budget. */
export interface BudgetHolderExample {
  readonly runId: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly instanceId: string;
  readonly jobName: string;
}

/** Runs in flight of a group that wait for the same thing. */
export interface RunWait {
  readonly kind: RunWaitKind;
  readonly count: number;
  /** Since when the first of them waits, Unix ms. */
  readonly since: number | null;
  /** When the service goes on without it, Unix ms; null: never by itself. */
  readonly until: number | null;
  readonly examples: readonly RunWaitExample[];
}

/** One of them. */
export interface RunWaitExample {
  readonly runId: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly since: number | null;
  /** The run that keeps the node busy. */
  readonly occupation?: {
    readonly runId: string;
    readonly instanceId: string;
    readonly jobName: string;
  };
  readonly step?: {
    readonly stepNumber: number;
    readonly attemptCount: number;
    readonly reason: string;
  };
}

/** A node that a quorum lacks. */
export interface AbsentNodeExample {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly offlineSince: number | null;
  /** `admitted`: it waits for approval. */
  readonly enrollmentLevel: "admitted" | "enrolled";
}

/** Why one group stands where it stands. */
export interface ExplainedGroup {
  readonly groupNumber: number;
  /** Empty: nothing is in its way, or it has ended. */
  readonly waits: readonly RolloutWait[];
  readonly runs: readonly RunWait[];
  /** With a wait for a quorum: the first nodes that are offline. */
  readonly absentNodes: readonly AbsentNodeExample[];
}

/** Why an open instance stands where it stands, as of one look. */
export interface Explanation {
  /** Unix ms. */
  readonly at: number;
  readonly groups: readonly ExplainedGroup[];
  /** More runs are in flight than one look counts. */
  readonly isPartial: boolean;
}
