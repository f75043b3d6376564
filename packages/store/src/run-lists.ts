import type { RunOutcome } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import { sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import { reading } from "./handle.ts";
import { dispatchOf, inFlight } from "./in-flight.ts";
import { type RunRow, seqOfInstance } from "./runs.ts";
import { toRunRow } from "./tables/runs-table.ts";

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
  /** With `dispatchedAt` its place in the list. */
  readonly seq: number;
  readonly dispatchedAt: number;
  readonly id: string;
  readonly instanceId: string;
  readonly nodeId: string;
  readonly token: number;
  /** The session on which the node is online. */
  readonly sessionId: string | null;
}

/** A run that its node was executing when it went. */
export interface StrandedRun extends GroupKey {
  readonly id: string;
  readonly nodeId: string;
}

/** A node that is to execute its run again. */
export interface RerunTarget {
  readonly groupNumber: number;
  readonly nodeId: string;
  readonly isArchived: boolean;
}

/** A run with the names around it. */
export interface FoundRun extends RunRow {
  readonly nodeName: string;
  readonly jobId: string;
}

/** The node's runs in flight, oldest dispatch first. */
export async function openRunsOfNode(db: Db, nodeId: string): Promise<OpenRun[]> {
  // Index runs_of_node.
  const rows = await reading(db)
    .selectFrom("runs")
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .select(["runs.id", "instances.id as instanceId", "runs.token", "runs.status"])
    .select(["runs.stop_outcome as stopOutcome", "runs.dispatched_at"])
    .where("runs.node_id", "=", nodeId)
    .where("runs.status", "in", inFlight)
    .orderBy("runs.dispatched_at")
    .orderBy("runs.seq")
    .execute();
  return rows.map(({ status, dispatched_at, ...run }) => ({
    ...run,
    ...dispatchOf({ status, dispatched_at }),
  }));
}

/** Runs dispatched before an instant that are still not started although their node is online, oldest first. */
export async function listUnaccepted(
  db: Db,
  options: {
    readonly dispatchedBefore: number;
    readonly limit: number;
    /** Only what comes after this one. */
    readonly after?: Pick<UnacceptedRun, "dispatchedAt" | "seq">;
  },
): Promise<UnacceptedRun[]> {
  const { after } = options;
  // Index runs_unaccepted.
  const rows = await reading(db)
    .selectFrom("runs")
    .innerJoin("nodes", "nodes.id", "runs.node_id")
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .select(["runs.id", "instances.id as instanceId", "runs.node_id as nodeId", "runs.token"])
    .select(["runs.seq", "runs.status", "runs.dispatched_at", "nodes.session_id as sessionId"])
    .where("runs.status", "=", sql.lit("dispatched"))
    .where("runs.dispatched_at", "<", options.dispatchedBefore)
    .where("nodes.online", "=", 1)
    .$if(after !== undefined, (query) =>
      query
        .where("runs.dispatched_at", ">=", after?.dispatchedAt ?? 0)
        .where((eb) =>
          eb.or([
            eb("runs.dispatched_at", ">", after?.dispatchedAt ?? 0),
            eb("runs.seq", ">", after?.seq ?? 0),
          ]),
        ),
    )
    .orderBy("runs.dispatched_at")
    .orderBy("runs.seq")
    .limit(options.limit)
    .execute();
  return rows.map(({ status, dispatched_at, ...run }) => ({
    ...run,
    dispatchedAt: dispatchOf({ status, dispatched_at }).dispatchedAt,
  }));
}

/** Runs that were being executed on nodes that are offline since before an instant, or archived. */
export async function listStranded(
  db: Db,
  options: { readonly offlineBefore: number; readonly limit: number },
): Promise<StrandedRun[]> {
  // Index nodes_offline, then runs_of_node for each node.
  return await reading(db)
    .selectFrom("nodes")
    .innerJoin("runs", "runs.node_id", "nodes.id")
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .select(["runs.id", "instances.id as instanceId", "runs.group_number as groupNumber"])
    .select("runs.node_id as nodeId")
    .where("nodes.online", "=", sql.lit(0))
    .where((eb) =>
      eb.or([
        eb("nodes.offline_since", "<", options.offlineBefore),
        eb("nodes.archived_at", "is not", null),
      ]),
    )
    // The first condition is the index's, the second what is asked.
    .where("runs.status", "in", inFlight)
    .where("runs.status", "=", "running")
    .limit(options.limit)
    .execute();
}

/** Ended runs of an instance by outcome, or one run of it, in order of group and position. */
export async function listRerunTargets(
  db: Db,
  wanted: { readonly instanceId: string } & (
    | { readonly outcomes: readonly RunOutcome[] }
    | { readonly runId: string }
  ),
): Promise<RerunTarget[]> {
  // Unique index of runs by position, or the unique index on runs.id; unique index on nodes.id.
  const rows = await reading(db)
    .selectFrom("runs")
    .innerJoin("nodes", "nodes.id", "runs.node_id")
    .select(["runs.group_number as groupNumber", "runs.node_id as nodeId"])
    .select("nodes.archived_at as archivedAt")
    .where("runs.instance_seq", "=", seqOfInstance(wanted.instanceId))
    .where((eb) =>
      "runId" in wanted
        ? eb("runs.id", "=", wanted.runId)
        : eb("runs.status", "in", [...wanted.outcomes]),
    )
    .orderBy("runs.group_number")
    .orderBy("runs.position")
    .execute();
  return rows.map(({ archivedAt, ...run }) => ({ ...run, isArchived: archivedAt !== null }));
}

/** The run with this id. */
export async function findRun(db: Db, id: string): Promise<FoundRun | undefined> {
  const [run] = await findRuns(db, [id]);
  return run;
}

/** The runs with these ids, in no particular order; missing ids are left out. */
export async function findRuns(db: Db, ids: readonly string[]): Promise<FoundRun[]> {
  const found: FoundRun[] = [];
  for (const part of inParts(ids)) {
    const rows = await reading(db)
      .selectFrom("runs")
      .innerJoin("instances", "instances.seq", "runs.instance_seq")
      .leftJoin("nodes", "nodes.id", "runs.node_id")
      .selectAll("runs")
      .select(["instances.id as instance_id", "instances.job_id", "nodes.name as node_name"])
      .where("runs.id", "in", part)
      .execute();
    for (const row of rows) {
      found.push({ ...toRunRow(row), nodeName: row.node_name ?? "", jobId: row.job_id });
    }
  }
  return found;
}

/** Where a list of moved runs goes on. */
export type RunPlace = Pick<RunRow, "groupNumber" | "position">;

/** Runs of an instance that are not pending any more, in order of group and position, after a place. */
export async function listMovedRuns(
  db: Db,
  options: { readonly instanceId: string; readonly after?: RunPlace; readonly limit: number },
): Promise<FoundRun[]> {
  const { groupNumber, position } = options.after ?? { groupNumber: -1, position: -1 };
  // Unique index of runs by position.
  const rows = await reading(db)
    .selectFrom("runs")
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .leftJoin("nodes", "nodes.id", "runs.node_id")
    .selectAll("runs")
    .select(["instances.id as instance_id", "instances.job_id", "nodes.name as node_name"])
    .where("runs.instance_seq", "=", seqOfInstance(options.instanceId))
    .where(sql<boolean>`(runs.group_number, runs."position") > (${groupNumber}, ${position})`)
    .where("runs.status", "<>", "pending")
    .orderBy("runs.group_number")
    .orderBy("runs.position")
    .limit(options.limit)
    .execute();
  return rows.map((row) => ({
    ...toRunRow(row),
    nodeName: row.node_name ?? "",
    jobId: row.job_id,
  }));
}

/** How many distinct nodes of a group are online. */
export async function countGroupOnline(db: Db, group: GroupKey): Promise<number> {
  // Unique index of runs by position, unique index on nodes.id. Reads the group: for groups that wait for their quorum.
  const row = await reading(db)
    .selectFrom("runs")
    .innerJoin("nodes", "nodes.id", "runs.node_id")
    .select(sql<number>`count(DISTINCT runs.node_id)`.as("total"))
    .where("runs.instance_seq", "=", seqOfInstance(group.instanceId))
    .where("runs.group_number", "=", group.groupNumber)
    .where("nodes.online", "=", 1)
    .where("nodes.archived_at", "is", null)
    .executeTakeFirstOrThrow();
  return row.total;
}
