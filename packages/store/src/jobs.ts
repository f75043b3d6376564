import type { Db } from "./database.ts";
import type { Page, PageRequest } from "./page.ts";

/** What a job can be (semantics.md section 6). */
export type JobStatus = "active" | "inactive" | "completed" | "canceled";

/** One job. */
export interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: JobStatus;
  /** Canonical JSON text of the job. */
  readonly template: string;
  readonly scheduleRule: string;
  readonly nextExecutionAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Id of the token that added it. */
  readonly createdBy: string;
}

/** Outcome of adding a job; `jobId` is the job that has the name already. */
export type InsertJobOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "name-taken"; readonly jobId: string };

/** Adds a job; the unique index on names decides between two that race for one name. */
export declare function insertJob(db: Db, row: JobRow): Promise<InsertJobOutcome>;

/** The job with this id. */
export declare function findJob(db: Db, id: string): Promise<JobRow | undefined>;

/** Jobs, newest first; `name` is an exact match. */
export declare function listJobs(
  db: Db,
  options: PageRequest & { readonly status?: JobStatus; readonly name?: string },
): Promise<Page<JobRow>>;

/** Active jobs whose time has come, oldest first, locked until the transaction ends; rows that another transaction holds are left to it. */
export declare function claimDueJobs(
  tx: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<JobRow[]>;

/** Records what comes after a claimed job has fired. */
export declare function setJobFired(
  tx: Db,
  options: {
    readonly id: string;
    readonly status: JobStatus;
    readonly nextExecutionAt: number | null;
    readonly now: number;
  },
): Promise<void>;

/** When the next active job is due; null when none is. */
export declare function nextJobDueAt(db: Db): Promise<number | null>;
