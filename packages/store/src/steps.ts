import type { StepReport } from "@courier/protocol";
import type { Db } from "./database.ts";

/** What is known about one step of a run. */
export interface StepRow extends StepReport {
  readonly runId: string;
  readonly updatedAt: number;
}

/** A step to record. With `nodeId` it is recorded only when the run is that node's own. */
export interface StepUpsert extends StepRow {
  readonly nodeId?: string;
}

/** Records steps, latest state wins; a final step never changes again, steps of unknown runs are ignored. */
export declare function upsertSteps(tx: Db, rows: readonly StepUpsert[]): Promise<void>;

/** The steps of a run in order. */
export declare function listSteps(db: Db, runId: string): Promise<StepRow[]>;
