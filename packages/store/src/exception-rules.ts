import { sql } from "kysely";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { JobRow } from "./jobs.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromExceptionRuleRow, toExceptionRuleRow } from "./tables/exceptions-table.ts";
import { toJobRow } from "./tables/jobs-table.ts";

/** A global exception. */
export interface ExceptionRuleRow {
  readonly id: string;
  /** Unique. */
  readonly name: string;
  readonly description: string;
  readonly rrule: string;
  /** Minutes. */
  readonly duration: number;
  readonly timeZone: string;
  /** When its schedule was set (Unix ms): where a rule without DTSTART begins. */
  readonly anchoredAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Id of the token that changed it last. */
  readonly updatedBy: string;
}

/** Which state of the global exceptions jobs have to be computed with. */
export interface ExceptionState {
  /** Grows with every change. */
  readonly version: number;
  /** When the first change was made that some job may not know yet (Unix ms). */
  readonly since: number;
}

/** Adds a rule; false when its name is taken. */
export async function insertExceptionRule(tx: Db, row: ExceptionRuleRow): Promise<boolean> {
  const inserted = await writing(tx)
    .insertInto("exception_rules")
    .values(fromExceptionRuleRow(row))
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted !== undefined;
}

/** The rule with this id or name; an id wins. */
export async function findExceptionRule(
  db: Db,
  identifier: string,
): Promise<ExceptionRuleRow | undefined> {
  const rows = await reading(db)
    .selectFrom("exception_rules")
    .selectAll()
    .where((where) => where.or([where("id", "=", identifier), where("name", "=", identifier)]))
    .execute();
  const row = rows.find(({ id }) => id === identifier) ?? rows[0];
  return row && toExceptionRuleRow(row);
}

/** Rules, newest first. */
export async function listExceptionRules(
  db: Db,
  page: PageRequest,
): Promise<Page<ExceptionRuleRow>> {
  const matching = reading(db).selectFrom("exception_rules");
  const { items, total } = await readPage(
    matching.selectAll().orderBy("created_at", "desc").orderBy("seq", "desc"),
    { count: matching.select(countAll), page },
  );
  return { items: items.map(toExceptionRuleRow), total };
}

/** Replaces what a rule says; false when there is no such rule. */
export async function updateExceptionRule(tx: Db, row: ExceptionRuleRow): Promise<boolean> {
  const { id: _id, created_at: _createdAt, ...set } = fromExceptionRuleRow(row);
  const updated = await writing(tx)
    .updateTable("exception_rules")
    .set(set)
    .where("id", "=", row.id)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Deletes a rule; false when it is gone already. */
export async function deleteExceptionRule(tx: Db, id: string): Promise<boolean> {
  const deleted = await writing(tx)
    .deleteFrom("exception_rules")
    .where("id", "=", id)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** All rules with the state that they are. */
export async function readExceptions(
  db: Db,
): Promise<ExceptionState & { readonly rules: readonly ExceptionRuleRow[] }> {
  // The state first: a change in between only makes jobs be computed once more.
  const state = await reading(db)
    .selectFrom("exception_state")
    .select(["version", "since"])
    .executeTakeFirstOrThrow();
  const rows =
    state.version === 0
      ? []
      : await reading(db).selectFrom("exception_rules").selectAll().orderBy("seq").execute();
  return { ...state, rules: rows.map(toExceptionRuleRow) };
}

/**
 * Locks the state of the exceptions and makes every active job be computed again, in whatever batches. `since` stays
 * while jobs are behind an earlier change: what became free with that one must not be lost.
 */
export async function advanceExceptionState(tx: Db, now: number): Promise<void> {
  await atomically(tx, async ({ kysely }) => {
    const { version, since } = await kysely
      .updateTable("exception_state")
      .set({ version: sql<number>`version + 1` })
      .returning(["version", "since"])
      .executeTakeFirstOrThrow();
    const behind = await kysely
      .selectFrom("jobs")
      .select("id")
      .where("status", "=", sql.lit("active"))
      .where("exceptions_version", "<", version - 1)
      .limit(1)
      .executeTakeFirst();
    if (behind !== undefined && since > 0) return;
    await kysely.updateTable("exception_state").set({ since: now }).execute();
  });
}

/** Active jobs that were computed with an older state of the exceptions, locked until the transaction ends. */
export async function claimJobsBehind(
  tx: Db,
  options: { readonly version: number; readonly limit: number },
): Promise<JobRow[]> {
  return await atomically(tx, async ({ kysely, locks }) => {
    // Index jobs_by_exceptions.
    const rows = await kysely
      .selectFrom("jobs")
      .selectAll()
      .where("status", "=", sql.lit("active"))
      .where("exceptions_version", "<", options.version)
      .orderBy("exceptions_version")
      .orderBy("seq")
      .limit(options.limit)
      .modifyEnd(locks.forUpdateSkipLocked)
      .execute();
    return rows.map(toJobRow);
  });
}
