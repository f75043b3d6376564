import type { Generated, Insertable, Selectable } from "kysely";
import type { BudgetRow } from "../budgets.ts";
import type { Columns } from "./columns.ts";

/** Table `disruption_budgets`. */
export interface DisruptionBudgetsTable {
  seq: Generated<number>;
  id: string;
  name: string;
  description: string;
  constraints: string;
  max_amount: string;
  node_count: number;
  counted_at: number;
  created_at: number;
  updated_at: number;
  created_by: string;
}

/** Table `budget_holders`: runs that were dispatched under a budget; those that have ended count no more. */
export interface BudgetHoldersTable {
  budget_seq: number;
  run_id: string;
  node_id: string;
}

/** Table `budget_waiters`: pending runs that were passed over; null: their budget has changed, they are to be tried again. */
export interface BudgetWaitersTable {
  run_id: string;
  budget_seq: number | null;
  instance_seq: number;
  group_number: number;
  position: number;
}

/** Columns of `disruption_budgets`. */
export const disruptionBudgetsColumns: Columns<DisruptionBudgetsTable> = {
  seq: "integer",
  id: "text",
  name: "text",
  description: "text",
  constraints: "text",
  max_amount: "text",
  node_count: "integer",
  counted_at: "integer",
  created_at: "integer",
  updated_at: "integer",
  created_by: "text",
};

/** Columns of `budget_holders`. */
export const budgetHoldersColumns: Columns<BudgetHoldersTable> = {
  budget_seq: "integer",
  run_id: "text",
  node_id: "text",
};

/** Columns of `budget_waiters`. */
export const budgetWaitersColumns: Columns<BudgetWaitersTable> = {
  run_id: "text",
  budget_seq: "integer?",
  instance_seq: "integer",
  group_number: "integer",
  position: "integer",
};

/** A budget as the database returns it. */
export function toBudgetRow(row: Selectable<DisruptionBudgetsTable>): BudgetRow {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    constraints: row.constraints,
    maxAmount: row.max_amount,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  };
}

/** A new budget as the database takes it: its nodes are still to be counted. */
export function fromBudgetRow(row: BudgetRow): Insertable<DisruptionBudgetsTable> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    constraints: row.constraints,
    max_amount: row.maxAmount,
    node_count: 0,
    counted_at: 0,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    created_by: row.createdBy,
  };
}
