import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import { atomically, reading, writing } from "./handle.ts";
import { seqOfInstance, type PendingRun } from "./runs.ts";

/** A pending run that was passed over because a budget is used up. */
export interface BudgetWaiter {
  readonly runId: string;
  readonly position: number;
  readonly budgetSeq: number;
}

/** How many of the runs that wait for a budget to take; null: those whose budget has changed. */
export interface HeldPick {
  readonly budgetSeq: number | null;
  readonly limit: number;
}

/** Remembers that pending runs of a group wait, each for one budget. */
export async function addWaiters(
  tx: Db,
  { instanceId, groupNumber, waiters }: GroupKey & { readonly waiters: readonly BudgetWaiter[] },
): Promise<void> {
  for (const part of inParts(waiters)) {
    await writing(tx)
      .insertInto("budget_waiters")
      .values(
        part.map((waiter) => ({
          run_id: waiter.runId,
          budget_seq: waiter.budgetSeq,
          instance_seq: seqOfInstance(instanceId),
          group_number: groupNumber,
          position: waiter.position,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .column("run_id")
          .doUpdateSet((eb) => ({ budget_seq: eb.ref("excluded.budget_seq") })),
      )
      .execute();
  }
}

/** Pending runs of a group that wait for these budgets, each budget's in position order. */
export async function selectHeldRuns(
  tx: Db,
  { picks, ...group }: GroupKey & { readonly picks: readonly HeldPick[] },
): Promise<PendingRun[]> {
  const held: PendingRun[] = [];
  for (const { budgetSeq, limit } of picks) {
    // Index budget_waiters_of_group, unique indexes on runs.id and nodes.id.
    const rows = await reading(tx)
      .selectFrom("budget_waiters")
      .innerJoin("runs", "runs.id", "budget_waiters.run_id")
      .leftJoin("nodes", "nodes.id", "runs.node_id")
      .select(["runs.id", "runs.node_id as nodeId", "runs.position", "nodes.online"])
      .select(["nodes.archived_at as archivedAt", "nodes.session_id as sessionId"])
      .where("budget_waiters.instance_seq", "=", seqOfInstance(group.instanceId))
      .where("budget_waiters.group_number", "=", group.groupNumber)
      .where("budget_waiters.budget_seq", budgetSeq === null ? "is" : "=", budgetSeq)
      .where("runs.status", "=", "pending")
      .orderBy("budget_waiters.position")
      .limit(limit)
      .execute();
    for (const { online, archivedAt, sessionId, ...run } of rows) {
      held.push({ ...run, nodeSessionId: online === 1 && archivedAt === null ? sessionId : null });
    }
  }
  return held;
}

/** Runs that wait no longer. */
export async function dropWaiters(tx: Db, runIds: readonly string[]): Promise<void> {
  for (const part of inParts(runIds)) {
    await writing(tx).deleteFrom("budget_waiters").where("run_id", "in", part).execute();
  }
}

/** No run of this group waits any more. */
export async function dropWaitersOfGroup(tx: Db, group: GroupKey): Promise<void> {
  await writing(tx)
    .deleteFrom("budget_waiters")
    .where("instance_seq", "=", seqOfInstance(group.instanceId))
    .where("group_number", "=", group.groupNumber)
    .execute();
}

/** Whether a group has a pending run that waits for a budget. */
export async function hasWaiters(tx: Db, group: GroupKey): Promise<boolean> {
  // Index budget_waiters_of_group, unique index on runs.id.
  const row = await reading(tx)
    .selectFrom("budget_waiters")
    .innerJoin("runs", "runs.id", "budget_waiters.run_id")
    .select("budget_waiters.run_id")
    .where("budget_waiters.instance_seq", "=", seqOfInstance(group.instanceId))
    .where("budget_waiters.group_number", "=", group.groupNumber)
    .where("runs.status", "=", "pending")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Instances that are not paused and have runs that wait for a budget, longest wait first. */
export async function listHeldInstanceIds(
  db: Db,
  { limit }: { readonly limit: number },
): Promise<string[]> {
  // Index groups_held.
  const rows = await reading(db)
    .selectFrom("groups")
    .innerJoin("instances", "instances.seq", "groups.instance_seq")
    .select("instances.id")
    .where("groups.held_at", "is not", null)
    .where("instances.paused_at", "is", null)
    .orderBy("groups.held_at")
    .limit(limit)
    .execute();
  return [...new Set(rows.map(({ id }) => id))];
}

/** What keeps back runs of one group: a budget, how many wait for it, and which runs use it. */
export interface BudgetWait {
  readonly groupNumber: number;
  readonly budgetId: string;
  readonly budgetName: string;
  /** JSON text of an amount. */
  readonly maxAmount: string;
  /** Nodes that the budget is about. */
  readonly nodeCount: number;
  readonly waitingCount: number;
  /** Nodes under change. */
  readonly holdingCount: number;
  /** Some of the runs that use it, in no particular order. */
  readonly holders: readonly BudgetHoldingRun[];
}

/** A run in flight that uses a budget. */
export interface BudgetHoldingRun {
  readonly runId: string;
  readonly instanceId: string;
  readonly jobName: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly status: "dispatched" | "running";
}

/** Which budgets hold back runs of an instance, and which runs use these budgets; names at most `holdersMax` runs of each. */
export async function listBudgetWaits(
  db: Db,
  { instanceId, holdersMax }: { readonly instanceId: string; readonly holdersMax: number },
): Promise<BudgetWait[]> {
  return await atomically(db, async ({ kysely }) => {
    const waiting = await kysely
      .selectFrom("budget_waiters")
      .innerJoin("runs", "runs.id", "budget_waiters.run_id")
      .innerJoin("disruption_budgets", "disruption_budgets.seq", "budget_waiters.budget_seq")
      .select(["budget_waiters.group_number as groupNumber", "disruption_budgets.seq"])
      .select(["disruption_budgets.id as budgetId", "disruption_budgets.name as budgetName"])
      .select(["disruption_budgets.max_amount as maxAmount"])
      .select("disruption_budgets.node_count as nodeCount")
      .select(({ fn }) => fn.countAll<number>().as("waitingCount"))
      .where("budget_waiters.instance_seq", "=", seqOfInstance(instanceId))
      .where("runs.status", "=", "pending")
      .groupBy(["budget_waiters.group_number", "disruption_budgets.seq", "disruption_budgets.id"])
      .groupBy(["disruption_budgets.name", "disruption_budgets.max_amount"])
      .groupBy("disruption_budgets.node_count")
      .orderBy("budget_waiters.group_number")
      .orderBy("disruption_budgets.seq")
      .execute();
    const waits: BudgetWait[] = [];
    for (const { seq, waitingCount, ...wait } of waiting) {
      const holders = await kysely
        .selectFrom("budget_holders")
        .innerJoin("runs", "runs.id", "budget_holders.run_id")
        .innerJoin("instances", "instances.seq", "runs.instance_seq")
        .leftJoin("nodes", "nodes.id", "runs.node_id")
        .select(["runs.id as runId", "instances.id as instanceId"])
        .select(["instances.job_name as jobName", "nodes.name as nodeName"])
        .select(["runs.node_id as nodeId", "runs.status"])
        .where("budget_holders.budget_seq", "=", seq)
        .where("runs.finished_at", "is", null)
        .orderBy("nodes.name")
        .orderBy("runs.dispatched_at")
        .execute();
      waits.push({
        ...wait,
        waitingCount: Number(waitingCount),
        holdingCount: new Set(holders.map(({ nodeId }) => nodeId)).size,
        holders: holders.slice(0, holdersMax).map((holder) => ({
          ...holder,
          nodeName: holder.nodeName ?? "",
          status: holder.status === "running" ? "running" : "dispatched",
        })),
      });
    }
    return waits;
  });
}
