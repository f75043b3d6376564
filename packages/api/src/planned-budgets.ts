import { budgetMax, type Amount, type PlannedBudget } from "@courier/core";
import { findCoveredNodes, listBudgets, measureBudget, type Db } from "@courier/store";
import { budgetsMax } from "./limits.ts";

/** The disruption budgets that some nodes of these targets fall under, oldest first, as they stand now. */
export async function findPlannedBudgets(
  db: Db,
  targets: readonly (readonly string[])[],
): Promise<PlannedBudget[]> {
  const { items } = await listBudgets(db, { page: 1, size: budgetsMax });
  if (items.length === 0) return [];
  const targeted = [...new Set(targets.flat())];
  const found: PlannedBudget[] = [];
  for (const { id, name, maxAmount, constraints } of items.toReversed()) {
    const nodeIds = new Set(await findCoveredNodes(db, { constraints }, targeted));
    if (nodeIds.size === 0) continue;
    const { nodeCount, underChangeCount } = await measureBudget(db, { id, constraints });
    // The column holds an amount that was validated when the budget was saved.
    const maxCount = budgetMax(JSON.parse(maxAmount) as Amount, nodeCount);
    found.push({ id, name, maxCount, nodeCount, underChangeCount, nodeIds });
  }
  return found;
}
