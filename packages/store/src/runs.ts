import type { RunOutcome, RunStatus } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";

/** One node's part in an instance. */
export interface RunRow {
  readonly id: string;
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly position: number;
  readonly nodeId: string;
  readonly status: RunStatus;
  /** Fencing token: reports that carry another one are ignored. */
  readonly token: number;
  readonly reason: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly dispatchedAt: number | null;
  readonly startedAt: number | null;
  /** Set exactly when the status is final. */
  readonly finishedAt: number | null;
  readonly stopOutcome: StopOutcome | null;
  readonly stopDeadlineAt: number | null;
  /** What the node reported after the run had been given another outcome. */
  readonly reportedStatus: string | null;
  readonly reportedAt: number | null;
}

/** A run to be created: pending, token 1. */
export interface NewRun {
  readonly id: string;
  readonly nodeId: string;
  readonly position: number;
}

/** A run that waits for its turn, and whether its node is there. */
export interface PendingRun {
  readonly id: string;
  readonly nodeId: string;
  readonly position: number;
  /** Archived nodes count as offline. */
  readonly nodeOnline: boolean;
}

/** A run that was claimed for its node. */
export interface DispatchedRun {
  readonly id: string;
  readonly nodeId: string;
  readonly token: number;
}

/** A run that was ended. */
export interface EndedRun extends DispatchedRun {
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly previous: RunStatus;
}

/** How far `endPendingRuns` came: call again from `cursor` while `ended` equals the limit. */
export interface EndedPendingRuns {
  readonly ended: number;
  /** One past the last position looked at; the group's node count when none is left. */
  readonly cursor: number;
}

/** Adds the runs of a group (which must exist) in one batch. */
export declare function insertRuns(
  tx: Db,
  options: GroupKey & { readonly createdAt: number; readonly runs: readonly NewRun[] },
): Promise<void>;

/** Pending runs of a group from a position on, in position order. */
export declare function selectPendingRuns(
  tx: Db,
  options: GroupKey & { readonly fromPosition: number; readonly limit: number },
): Promise<PendingRun[]>;

/** Claims pending runs for their nodes; returns those that were pending, in no particular order. */
export declare function dispatchRuns(
  tx: Db,
  options: { readonly ids: readonly string[]; readonly now: number },
): Promise<DispatchedRun[]>;

/** Ends those of the runs that are in one of the states `from`, and returns them. */
export declare function endRuns(
  tx: Db,
  options: {
    readonly ids: readonly string[];
    readonly status: RunOutcome;
    readonly reason: string;
    readonly now: number;
    readonly from: readonly RunStatus[];
  },
): Promise<EndedRun[]>;

/** Ends up to `limit` pending runs of a group from a position on, in position order. */
export declare function endPendingRuns(
  tx: Db,
  options: GroupKey & {
    readonly fromPosition: number;
    readonly limit: number;
    readonly status: "skipped" | "canceled";
    readonly reason: string;
    readonly now: number;
  },
): Promise<EndedPendingRuns>;
