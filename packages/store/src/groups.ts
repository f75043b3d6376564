import { addCounts, noRuns, type GroupStatus, type RunCounts } from "@courier/core";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import { fromGroupChange, toGroupRow } from "./tables/groups-table.ts";
import type { Tables } from "./tables/tables.ts";

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
  /** When the wait after the last batch is over; null: it does not wait. */
  readonly soakUntil: number | null;
  /** Since when runs of it wait for a disruption budget; null: none does. */
  readonly heldAt: number | null;
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
    | "soakUntil"
    | "heldAt"
    | "finishedAt"
  >
>;

/** What to add to a group's counters; may be negative. */
export interface CountsDelta extends GroupKey {
  readonly counts: Partial<RunCounts>;
}

/** The groups of an instance in order. */
export async function listGroups(db: Db, instanceId: string): Promise<GroupRow[]> {
  const kysely = reading(db);
  const instance = await kysely
    .selectFrom("instances")
    .select("seq")
    .where("id", "=", instanceId)
    .executeTakeFirst();
  return instance === undefined ? [] : await readGroups(kysely, [instance.seq]);
}

/** Changes a group that is in one of the states `from`; false when it is not (a lost race). */
export async function updateGroup(
  tx: Db,
  options: GroupKey & { readonly from: readonly GroupStatus[]; readonly set: GroupChange },
): Promise<boolean> {
  // Primary key of groups, unique index on instances.id.
  const updated = await writing(tx)
    .updateTable("groups")
    .set(fromGroupChange(options.set))
    .where("instance_seq", "=", (eb) =>
      eb.selectFrom("instances").select("seq").where("id", "=", options.instanceId),
    )
    .where("group_number", "=", options.groupNumber)
    .where("status", "in", options.from)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** A change of a locked group that has the status `from`; all that `updateGroup` can change. */
export interface GroupUpdate extends GroupKey {
  readonly from: GroupStatus;
  readonly set: Required<GroupChange>;
}

/** Changes groups whose instances the transaction has locked, each once; returns how many were changed. */
export async function updateGroups(tx: Db, updates: readonly GroupUpdate[]): Promise<number> {
  if (updates.length === 0) return 0;
  return await atomically(tx, async ({ batches }) => await batches.updateGroups(updates));
}

/** Adds deltas to counters. A counter below zero or a sum above the node count is refused by the database: a defect. */
export async function addToCounts(tx: Db, deltas: readonly CountsDelta[]): Promise<void> {
  const sums = sumByGroup(deltas);
  if (sums.length > 0) await atomically(tx, async ({ batches }) => await batches.addToCounts(sums));
}

/** The earliest deadline of a started group that is not halted; null when there is none. */
export async function nextGroupDeadlineAt(db: Db): Promise<number | null> {
  const row = await deadlines(reading(db)).select("deadline_at").limit(1).executeTakeFirst();
  return row?.deadline_at ?? null;
}

/** Started groups that are past their deadline and not halted yet, earliest first. The clocks of paused instances stand still. */
export async function listGroupsPastDeadline(
  db: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<GroupKey[]> {
  return await deadlines(reading(db))
    .innerJoin("instances", "instances.seq", "groups.instance_seq")
    .select(["instances.id as instanceId", "groups.group_number as groupNumber"])
    .where("groups.deadline_at", "<=", options.now)
    .where("instances.paused_at", "is", null)
    .limit(options.limit)
    .execute();
}

/** Groups whose wait after a batch is over, earliest first. The clocks of paused instances stand still. */
export async function listSoakedGroups(
  db: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<GroupKey[]> {
  // Index groups_soaking.
  return await reading(db)
    .selectFrom("groups")
    .innerJoin("instances", "instances.seq", "groups.instance_seq")
    .select(["instances.id as instanceId", "groups.group_number as groupNumber"])
    .where("groups.soak_until", "is not", null)
    .where("groups.soak_until", "<=", options.now)
    .where("instances.paused_at", "is", null)
    .orderBy("groups.soak_until")
    .limit(options.limit)
    .execute();
}

/** The groups of some instances, in order within each. */
export async function readGroups(
  kysely: Kysely<Tables>,
  instanceSeqs: readonly number[],
): Promise<GroupRow[]> {
  // Primary key of groups.
  const rows = await kysely
    .selectFrom("groups")
    .innerJoin("instances", "instances.seq", "groups.instance_seq")
    .selectAll("groups")
    .select("instances.id as instance_id")
    .where("groups.instance_seq", "in", instanceSeqs)
    .orderBy("groups.instance_seq")
    .orderBy("groups.group_number")
    .execute();
  return rows.map(toGroupRow);
}

/** As literals: the partial index serves a statement only when it spells the condition out. */
const deadlineStates = [sql.lit<GroupStatus>("waiting"), sql.lit<GroupStatus>("running")];

/** Started groups that have a deadline and are not halted, earliest first. Index groups_deadline. */
function deadlines(kysely: Kysely<Tables>): SelectQueryBuilder<Tables, "groups", object> {
  return kysely
    .selectFrom("groups")
    .where("groups.status", "in", deadlineStates)
    .where("groups.halt_reason", "=", sql.lit(""))
    .where("groups.deadline_at", "is not", null)
    .orderBy("groups.deadline_at");
}

/** One delta per group: a statement that takes arrays must not name a row twice. */
function sumByGroup(deltas: readonly CountsDelta[]): CountsDelta[] {
  const sums = new Map<string, CountsDelta>();
  for (const delta of deltas) {
    const key = `${delta.instanceId} ${delta.groupNumber}`;
    const known = sums.get(key);
    sums.set(
      key,
      known === undefined
        ? delta
        : { ...delta, counts: addCounts({ ...noRuns, ...known.counts }, delta.counts) },
    );
  }
  return [...sums.values()];
}
