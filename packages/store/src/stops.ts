import type { StopOutcome } from "@courier/protocol";
import type { Db } from "./database.ts";

/** A run in flight that has just been asked to stop. */
export interface StopRequested {
  readonly id: string;
  readonly nodeId: string;
  readonly token: number;
  readonly status: "dispatched" | "running";
  readonly dispatchedAt: number;
  readonly nodeOnline: boolean;
  readonly nodeOfflineSince: number | null;
}

/** A run in flight whose node has not confirmed its stop in time. */
export interface ExpiredStop {
  readonly id: string;
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly stopOutcome: StopOutcome;
  readonly nodeId: string;
  readonly status: "dispatched" | "running";
}

/** Asks the runs in flight of an instance (or one group, or one run of it) to stop; returns those that had not been asked before. */
export declare function requestStops(
  tx: Db,
  options: {
    readonly instanceId: string;
    readonly groupNumber?: number;
    readonly runId?: string;
    readonly outcome: StopOutcome;
    readonly stopDeadlineAt: number;
    readonly now: number;
  },
): Promise<StopRequested[]>;

/** Runs in flight whose stop deadline has passed, earliest first. */
export declare function listExpiredStops(
  db: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<ExpiredStop[]>;

/** The earliest stop deadline of a run in flight; null when there is none. */
export declare function nextStopDeadlineAt(db: Db): Promise<number | null>;
