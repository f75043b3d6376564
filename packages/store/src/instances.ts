import type { InstanceStatus } from "@courier/core";
import type { Db } from "./database.ts";
import type { GroupRow } from "./groups.ts";
import type { Page, PageRequest } from "./page.ts";

/** One execution of a job. */
export interface InstanceRow {
  readonly id: string;
  readonly jobId: string;
  readonly nominalAt: number;
  readonly status: InstanceStatus;
  readonly reason: string;
  readonly executionType: "sequential" | "parallel";
  /** JSON text. */
  readonly actionSpec: string;
  /** JSON text. */
  readonly targetSpec: string;
  readonly jobName: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  /** Set exactly when the status is final. */
  readonly finishedAt: number | null;
  readonly lastUpdatedBy: string;
  readonly cancelRequestedAt: number | null;
}

/** An instance with its groups in order. */
export interface LockedInstance {
  readonly instance: InstanceRow;
  readonly groups: readonly GroupRow[];
}

/** What `updateInstance` can change; a final status needs `finishedAt` in the same call. */
export type InstanceChange = Partial<
  Pick<
    InstanceRow,
    "status" | "reason" | "startedAt" | "finishedAt" | "cancelRequestedAt" | "lastUpdatedBy"
  >
>;

/** Adds an instance with its groups; false, and nothing stored, when the job has fired for this nominal time already. */
export declare function insertInstance(
  tx: Db,
  options: { readonly instance: InstanceRow; readonly groups: readonly GroupRow[] },
): Promise<boolean>;

/** The instance with this id. */
export declare function findInstance(db: Db, id: string): Promise<InstanceRow | undefined>;

/** Instances, newest first. */
export declare function listInstances(
  db: Db,
  options: PageRequest & { readonly jobId?: string; readonly status?: InstanceStatus },
): Promise<Page<InstanceRow>>;

/** Ids of the instances that have not ended, oldest first. */
export declare function listOpenInstanceIds(db: Db): Promise<string[]>;

/** Locks these instances (in id order, so that two callers cannot deadlock) until the transaction ends and reads them; missing ids are left out. */
export declare function lockInstances(tx: Db, ids: readonly string[]): Promise<LockedInstance[]>;

/** Changes an instance that is in one of the states `from`; false when it is not (a lost race). */
export declare function updateInstance(
  tx: Db,
  options: {
    readonly id: string;
    readonly from: readonly InstanceStatus[];
    readonly set: InstanceChange;
    readonly now: number;
  },
): Promise<boolean>;
