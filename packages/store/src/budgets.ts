import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromBudgetRow, toBudgetRow } from "./tables/budgets-table.ts";

/** How many of some nodes may be under change at once, whatever jobs there are. */
export interface BudgetRow {
  readonly id: string;
  /** Unique. */
  readonly name: string;
  readonly description: string;
  /** JSON text of the filter's constraints: which nodes it is about. */
  readonly constraints: string;
  /** JSON text of an amount: how many of them. */
  readonly maxAmount: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Id of the token that added it. */
  readonly createdBy: string;
}

/** Outcome of adding or changing a budget; `id` is the budget that has the name already. */
export type BudgetOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "name-taken"; readonly id: string };

/** What of a budget can be changed. */
export type BudgetChange = Pick<
  BudgetRow,
  "name" | "description" | "constraints" | "maxAmount" | "updatedAt"
>;

/** Adds a budget. */
export async function insertBudget(db: Db, row: BudgetRow): Promise<BudgetOutcome> {
  return await atomically(db, async (tx) => {
    const { numInsertedOrUpdatedRows } = await tx.kysely
      .insertInto("disruption_budgets")
      .values(fromBudgetRow(row))
      .onConflict((conflict) => conflict.column("name").doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 1n) return { ok: true };
    return { ok: false, reason: "name-taken", id: (await findBudget(tx, row.name))?.id ?? "" };
  });
}

/** Changes a budget, which exists; whatever waited for it is to be tried again. */
export async function updateBudget(
  db: Db,
  id: string,
  change: BudgetChange,
): Promise<BudgetOutcome> {
  return await atomically(db, async (tx) => {
    const { kysely } = tx;
    const taken = await findBudget(tx, change.name);
    if (taken !== undefined && taken.name === change.name && taken.id !== id) {
      return { ok: false, reason: "name-taken", id: taken.id };
    }
    const { seq } = await kysely
      .updateTable("disruption_budgets")
      .set({
        name: change.name,
        description: change.description,
        constraints: change.constraints,
        max_amount: change.maxAmount,
        updated_at: change.updatedAt,
        counted_at: 0,
      })
      .where("id", "=", id)
      .returning("seq")
      .executeTakeFirstOrThrow();
    // Who holds it is found anew with its nodes.
    await kysely.deleteFrom("budget_holders").where("budget_seq", "=", seq).execute();
    await releaseWaiters(tx, seq);
    return { ok: true };
  });
}

/** Deletes a budget; false when it is gone already. Whatever waited for it is to be tried again. */
export async function deleteBudget(db: Db, id: string): Promise<boolean> {
  return await atomically(db, async (tx) => {
    const { kysely } = tx;
    const deleted = await kysely
      .deleteFrom("disruption_budgets")
      .where("id", "=", id)
      .returning("seq")
      .executeTakeFirst();
    if (deleted === undefined) return false;
    await kysely.deleteFrom("budget_holders").where("budget_seq", "=", deleted.seq).execute();
    await releaseWaiters(tx, deleted.seq);
    return true;
  });
}

/** The budget with this id or name; an id wins. */
export async function findBudget(db: Db, identifier: string): Promise<BudgetRow | undefined> {
  const rows = await reading(db)
    .selectFrom("disruption_budgets")
    .selectAll()
    .where((eb) => eb.or([eb("id", "=", identifier), eb("name", "=", identifier)]))
    .execute();
  const row = rows.find(({ id }) => id === identifier) ?? rows[0];
  return row && toBudgetRow(row);
}

/** Budgets, newest first. */
export async function listBudgets(db: Db, page: PageRequest): Promise<Page<BudgetRow>> {
  const budgets = reading(db).selectFrom("disruption_budgets");
  const { items, total } = await readPage(
    budgets.selectAll().orderBy("created_at", "desc").orderBy("seq", "desc"),
    { count: budgets.select(countAll), page },
  );
  return { items: items.map(toBudgetRow), total };
}

/** How many budgets there are. */
export async function countBudgets(db: Db): Promise<number> {
  const row = await reading(db)
    .selectFrom("disruption_budgets")
    .select(countAll)
    .executeTakeFirstOrThrow();
  return Number(row.total);
}

async function releaseWaiters(tx: Db, budgetSeq: number): Promise<void> {
  await writing(tx)
    .updateTable("budget_waiters")
    .set({ budget_seq: null })
    .where("budget_seq", "=", budgetSeq)
    .execute();
}
