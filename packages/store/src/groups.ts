import type { GroupStatus } from "@courier/core";
import type { Db } from "./database.ts";

/** How many runs of a group are where; those in no counter are pending. */
export interface RunCounts {
  readonly inFlight: number;
  readonly success: number;
  readonly failure: number;
  readonly timeout: number;
  readonly canceled: number;
  readonly skipped: number;
  readonly undeliverable: number;
  readonly unknown: number;
}

/** One group of an instance. Its runs have the positions 0 … nodeCount − 1. */
export interface GroupRow {
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly status: GroupStatus;
  readonly reason: string;
  readonly nodeCount: number;
  /** Canonical JSON text of the group. */
  readonly spec: string;
  /** Next position to consider. */
  readonly cursor: number;
  /** Barrier of the current batch, exclusive. */
  readonly batchEnd: number;
  /** "" = not halted. */
  readonly haltReason: string;
  readonly startedAt: number | null;
  readonly deadlineAt: number | null;
  /** Set exactly when the status is final. */
  readonly finishedAt: number | null;
  readonly counts: RunCounts;
}

/** Names one group. */
export interface GroupKey {
  readonly instanceId: string;
  readonly groupNumber: number;
}

/** What `updateGroup` can change; a final status needs `finishedAt` in the same call. */
export type GroupChange = Partial<
  Pick<
    GroupRow,
    | "status"
    | "reason"
    | "cursor"
    | "batchEnd"
    | "haltReason"
    | "startedAt"
    | "deadlineAt"
    | "finishedAt"
  >
>;

/** What to add to a group's counters; may be negative. */
export interface CountsDelta extends GroupKey {
  readonly counts: Partial<RunCounts>;
}

/** The groups of an instance in order. */
export declare function listGroups(db: Db, instanceId: string): Promise<GroupRow[]>;

/** Changes a group that is in one of the states `from`; false when it is not (a lost race). */
export declare function updateGroup(
  tx: Db,
  options: GroupKey & { readonly from: readonly GroupStatus[]; readonly set: GroupChange },
): Promise<boolean>;

/** Adds deltas to counters. A counter below zero or a sum above the node count is refused by the database: a defect. */
export declare function addToCounts(tx: Db, deltas: readonly CountsDelta[]): Promise<void>;

/** The earliest deadline of a started group that is not halted; null when there is none. */
export declare function nextGroupDeadlineAt(db: Db): Promise<number | null>;

/** Started groups that are past their deadline and not halted yet, earliest first. */
export declare function listGroupsPastDeadline(
  db: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<GroupKey[]>;
