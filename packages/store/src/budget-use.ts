import type { FilterConstraints } from "@courier/schema";
import { sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { findFilteredNodes } from "./filtered-nodes.ts";
import { atomically, reading, writing } from "./handle.ts";
import { inFlight } from "./in-flight.ts";

/** A budget as dispatching sees it. */
export interface BudgetUse {
  readonly seq: number;
  /** JSON text. */
  readonly constraints: string;
  /** JSON text of an amount. */
  readonly maxAmount: string;
  /** Nodes that it was about when they were counted last. */
  readonly nodeCount: number;
  /** Unix ms; 0: never, or it has changed since. */
  readonly countedAt: number;
}

/** A run that was dispatched under a budget. */
export interface BudgetHolder {
  readonly budgetSeq: number;
  readonly runId: string;
  readonly nodeId: string;
}

/** Every budget, oldest first. */
export async function readBudgets(tx: Db): Promise<BudgetUse[]> {
  const rows = await reading(tx)
    .selectFrom("disruption_budgets")
    .select(["seq", "constraints", "max_amount as maxAmount"])
    .select(["node_count as nodeCount", "counted_at as countedAt"])
    .orderBy("seq")
    .execute();
  return rows;
}

/**
 * Locks every budget until the transaction ends, and reads them as they are then: whoever dispatches under a budget waits
 * here for whoever did before. All of them and in one order, so that two callers cannot deadlock.
 */
export async function lockBudgets(tx: Db): Promise<BudgetUse[]> {
  return await atomically(
    tx,
    async ({ kysely, locks }) =>
      await kysely
        .selectFrom("disruption_budgets")
        .select(["seq", "constraints", "max_amount as maxAmount"])
        .select(["node_count as nodeCount", "counted_at as countedAt"])
        .orderBy("seq")
        .modifyEnd(locks.forUpdate)
        .execute(),
  );
}

/** Those of some nodes that a budget is about now. */
export async function findCoveredNodes(
  tx: Db,
  budget: Pick<BudgetUse, "constraints">,
  nodeIds: readonly string[],
): Promise<string[]> {
  return await findFilteredNodes(tx, constraintsOf(budget), nodeIds);
}

/**
 * Counts the nodes that a locked budget is about, and makes their runs in flight its holders: also those that were
 * dispatched before the budget existed, or before their nodes belonged to it. Returns the count.
 */
export async function recountBudget(
  tx: Db,
  { budget, now }: { readonly budget: BudgetUse; readonly now: number },
): Promise<number> {
  const nodeIds = await findFilteredNodes(tx, constraintsOf(budget));
  for (const part of inParts(nodeIds)) {
    // Index runs_of_node.
    const runs = await reading(tx)
      .selectFrom("runs")
      .select(["id as runId", "node_id as nodeId"])
      .where("node_id", "in", part)
      .where("status", "in", inFlight)
      .execute();
    await addHolders(
      tx,
      runs.map((run) => ({ ...run, budgetSeq: budget.seq })),
    );
  }
  await writing(tx)
    .updateTable("disruption_budgets")
    .set({ node_count: nodeIds.length, counted_at: now })
    .where("seq", "=", budget.seq)
    .execute();
  return nodeIds.length;
}

/** Remembers runs that were dispatched under budgets. */
export async function addHolders(tx: Db, holders: readonly BudgetHolder[]): Promise<void> {
  for (const part of inParts(holders)) {
    await writing(tx)
      .insertInto("budget_holders")
      .values(
        part.map((holder) => ({
          budget_seq: holder.budgetSeq,
          run_id: holder.runId,
          node_id: holder.nodeId,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Forgets the holders whose runs have ended; returns how many there were. */
export async function dropEndedHolders(tx: Db): Promise<number> {
  // Unique index on runs.id for each holder: a subquery for one value cannot become a join, for which PostgreSQL might read all runs.
  const deleted = await writing(tx)
    .deleteFrom("budget_holders")
    .where(
      sql<boolean>`(SELECT runs.finished_at IS NULL FROM runs WHERE runs.id = budget_holders.run_id) IS NOT TRUE`,
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** The nodes that are under change, as far as a locked budget goes: each once, however many runs it has. */
export async function listHoldingNodes(tx: Db, budgetSeq: number): Promise<string[]> {
  // Primary key of budget_holders, unique index on runs.id.
  const rows = await reading(tx)
    .selectFrom("budget_holders")
    .innerJoin("runs", "runs.id", "budget_holders.run_id")
    .select(sql<string>`DISTINCT budget_holders.node_id`.as("nodeId"))
    .where("budget_holders.budget_seq", "=", budgetSeq)
    .where("runs.finished_at", "is", null)
    .execute();
  return rows.map(({ nodeId }) => nodeId);
}

/** How much of a budget is used. */
export interface BudgetMeasure {
  /** Nodes that it is about now. */
  readonly nodeCount: number;
  /** Those of them that have a run in flight. */
  readonly underChangeCount: number;
  /** Runs that wait for it. */
  readonly waitingCount: number;
}

/** Measures a budget for people: from the nodes and their runs, not from what dispatching remembers. */
export async function measureBudget(
  db: Db,
  budget: { readonly id: string; readonly constraints: string },
): Promise<BudgetMeasure> {
  const nodeIds = await findFilteredNodes(db, constraintsOf(budget));
  let underChangeCount = 0;
  for (const part of inParts(nodeIds)) {
    // Index runs_of_node.
    const rows = await reading(db)
      .selectFrom("runs")
      .select("node_id")
      .distinct()
      .where("node_id", "in", part)
      .where("status", "in", inFlight)
      .execute();
    underChangeCount += rows.length;
  }
  const { waitingCount } = await reading(db)
    .selectFrom("disruption_budgets")
    .innerJoin("budget_waiters", "budget_waiters.budget_seq", "disruption_budgets.seq")
    .innerJoin("runs", "runs.id", "budget_waiters.run_id")
    .select(({ fn }) => fn.countAll<number>().as("waitingCount"))
    .where("disruption_budgets.id", "=", budget.id)
    .where("runs.status", "=", "pending")
    .executeTakeFirstOrThrow();
  return { nodeCount: nodeIds.length, underChangeCount, waitingCount: Number(waitingCount) };
}

function constraintsOf({ constraints }: Pick<BudgetUse, "constraints">): FilterConstraints {
  // The column holds what was validated when the budget was saved.
  return JSON.parse(constraints) as FilterConstraints;
}
