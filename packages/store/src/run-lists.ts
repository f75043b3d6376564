import type { RunStatus } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import type { Page, PageRequest } from "./page.ts";
import type { RunRow } from "./runs.ts";

/** A run in flight on a node. */
export interface OpenRun {
  readonly id: string;
  readonly instanceId: string;
  readonly token: number;
  readonly status: "dispatched" | "running";
  readonly stopOutcome: StopOutcome | null;
  readonly dispatchedAt: number;
}

/** A dispatched run that its node, although online, has not started yet. */
export interface UnacceptedRun {
  readonly id: string;
  readonly instanceId: string;
  readonly nodeId: string;
  readonly token: number;
}

/** A run in flight whose node is gone. */
export interface StrandedRun extends GroupKey {
  readonly id: string;
  readonly nodeId: string;
  readonly status: "dispatched" | "running";
}

/** A run with the names around it. */
export interface FoundRun extends RunRow {
  readonly nodeName: string;
  readonly jobId: string;
}

/** The node's runs in flight, oldest dispatch first. */
export declare function openRunsOfNode(db: Db, nodeId: string): Promise<OpenRun[]>;

/** Runs dispatched before an instant that are still not started although their node is online, oldest first. */
export declare function listUnaccepted(
  db: Db,
  options: { readonly dispatchedBefore: number; readonly limit: number },
): Promise<UnacceptedRun[]>;

/** Runs in flight on nodes that are offline since before an instant, or archived. */
export declare function listStranded(
  db: Db,
  options: { readonly offlineBefore: number; readonly limit: number },
): Promise<StrandedRun[]>;

/** The run with this id. */
export declare function findRun(db: Db, id: string): Promise<FoundRun | undefined>;

/** The runs with these ids, in no particular order; missing ids are left out. */
export declare function findRuns(db: Db, ids: readonly string[]): Promise<FoundRun[]>;

/** Runs of an instance in (group, position) order. Without `status` and `nodeId` the cost does not depend on the instance's size. */
export declare function listRuns(
  db: Db,
  options: PageRequest & {
    readonly instanceId: string;
    readonly status?: RunStatus;
    readonly groupNumber?: number;
    readonly nodeId?: string;
  },
): Promise<Page<RunRow>>;

/** How many distinct nodes of a group are online. */
export declare function countGroupOnline(db: Db, group: GroupKey): Promise<number>;
