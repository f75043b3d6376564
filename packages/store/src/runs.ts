import type { RunOutcome, RunStatus } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { InsertRuns } from "./batches.ts";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import { atomically, reading, writing } from "./handle.ts";
import { smallGroupMax } from "./limits.ts";
import type { Tables } from "./tables/tables.ts";

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

/** A run to be created, with the first token: pending, unless it is claimed for its node at once. */
export interface NewRun {
  readonly id: string;
  readonly nodeId: string;
  readonly position: number;
  readonly isDispatched?: boolean;
}

/** The token of a run that was never given to its node again. */
export const firstToken = 1;

/** A run that waits for its turn, and whether its node is there. */
export interface PendingRun {
  readonly id: string;
  readonly nodeId: string;
  readonly position: number;
  /** The session on which the node is online; null when it is offline or archived. */
  readonly nodeSessionId: string | null;
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
export async function insertRuns(tx: Db, options: InsertRuns): Promise<void> {
  if (options.runs.length === 0) return;
  await atomically(tx, async ({ batches }) => await batches.insertRuns(options));
}

/** Adds the runs of many groups; small ones together, because a statement each would cost more than their rows. */
export async function insertRunsOfGroups(tx: Db, groups: readonly InsertRuns[]): Promise<void> {
  const small = groups.filter(({ runs }) => runs.length > 0 && runs.length <= smallGroupMax);
  for (const group of groups) if (group.runs.length > smallGroupMax) await insertRuns(tx, group);
  if (small.length === 0) return;
  await atomically(tx, async ({ batches }) => await batches.insertRunsOfGroups(small));
}

/** Pending runs of a group from a position on, in position order. */
export async function selectPendingRuns(
  tx: Db,
  options: GroupKey & { readonly fromPosition: number; readonly limit: number },
): Promise<PendingRun[]> {
  // Index runs_pending, then the unique index on nodes.id for each row.
  const rows = await reading(tx)
    .selectFrom("runs")
    .leftJoin("nodes", "nodes.id", "runs.node_id")
    .select(["runs.id", "runs.node_id as nodeId", "runs.position", "nodes.online"])
    .select(["nodes.archived_at as archivedAt", "nodes.session_id as sessionId"])
    .where("runs.instance_seq", "=", seqOfInstance(options.instanceId))
    .where("runs.group_number", "=", options.groupNumber)
    .where("runs.status", "=", sql.lit("pending"))
    .where("runs.position", ">=", options.fromPosition)
    .orderBy("runs.position")
    .limit(options.limit)
    .execute();
  return rows.map(({ online, archivedAt, sessionId, ...run }) => ({
    ...run,
    nodeSessionId: online === 1 && archivedAt === null ? sessionId : null,
  }));
}

/** Records that runs which were dispatched while their nodes were away are about to be sent now. */
export async function markSent(tx: Db, ids: readonly string[]): Promise<void> {
  for (const part of inParts(ids)) {
    // Unique index on runs.id.
    await writing(tx).updateTable("runs").set({ sent: 1 }).where("id", "in", part).execute();
  }
}

/** Claims pending runs for their nodes; returns those that were pending, in no particular order. */
export async function dispatchRuns(
  tx: Db,
  options: { readonly ids: readonly string[]; readonly now: number },
): Promise<DispatchedRun[]> {
  const ids = [...new Set(options.ids)];
  if (ids.length === 0) return [];
  return await atomically(
    tx,
    async ({ batches }) => await batches.dispatchRuns({ ids, now: options.now }),
  );
}

/** Ends those of the runs that are in one of the states `from`, and returns them. */
export async function endRuns(
  tx: Db,
  options: {
    readonly ids: readonly string[];
    readonly status: RunOutcome;
    readonly reason: string;
    readonly now: number;
    readonly from: readonly RunStatus[];
  },
): Promise<EndedRun[]> {
  const ids = [...new Set(options.ids)];
  if (ids.length === 0) return [];
  return await atomically(tx, async ({ batches }) => await batches.endRuns({ ...options, ids }));
}

/** Ends up to `limit` pending runs of a group from a position on, in position order. */
export async function endPendingRuns(
  tx: Db,
  options: GroupKey & {
    readonly fromPosition: number;
    readonly limit: number;
    readonly status: "skipped" | "canceled";
    readonly reason: string;
    readonly now: number;
  },
): Promise<EndedPendingRuns> {
  return await atomically(tx, async ({ kysely }) => {
    const ended = await endPending(kysely, options);
    if (ended.length === options.limit) {
      return { ended: ended.length, cursor: Math.max(...ended) + 1 };
    }
    const group = await kysely
      .selectFrom("groups")
      .select("node_count")
      .where("instance_seq", "=", seqOfInstance(options.instanceId))
      .where("group_number", "=", options.groupNumber)
      .executeTakeFirst();
    return { ended: ended.length, cursor: group?.node_count ?? options.fromPosition };
  });
}

/** The surrogate key of an instance, as part of a statement. */
export function seqOfInstance(instanceId: string): RawBuilder<number> {
  return sql<number>`(SELECT seq FROM instances WHERE id = ${instanceId})`;
}

/** The positions of the runs that were ended. Index runs_pending. */
async function endPending(
  kysely: Kysely<Tables>,
  options: Parameters<typeof endPendingRuns>[1],
): Promise<number[]> {
  const rows = await kysely
    .updateTable("runs")
    .set({
      status: options.status,
      reason: options.reason,
      finished_at: options.now,
      updated_at: options.now,
    })
    .where("seq", "in", (eb) =>
      eb
        .selectFrom("runs")
        .select("seq")
        .where("instance_seq", "=", seqOfInstance(options.instanceId))
        .where("group_number", "=", options.groupNumber)
        .where("status", "=", sql.lit("pending"))
        .where("position", ">=", options.fromPosition)
        .orderBy("position")
        .limit(options.limit),
    )
    .where("status", "=", "pending")
    .returning("position")
    .execute();
  return rows.map(({ position }) => position);
}
