import { resolveAmount, type Amount } from "../rollout/amount.ts";

/** A disruption budget at one moment. */
export interface BudgetStanding {
  /** How many nodes may be under change at once. */
  readonly maxCount: number;
  /** The nodes that are: each has at least one run in flight. */
  readonly nodeIds: Pick<ReadonlySet<string>, "has" | "size">;
}

/**
 * How many nodes a budget lets be under change at once: the number itself, or so many percent of the nodes that it is about, rounded
 * down. Never below 1, so that work on few nodes goes on one by one.
 */
export function budgetMax(amount: Amount, nodeCount: number): number {
  return Math.max(1, resolveAmount(amount, nodeCount, "down"));
}

/** How many more nodes may come under change now. */
export function budgetRoom({ maxCount, nodeIds }: BudgetStanding): number {
  return Math.max(0, maxCount - nodeIds.size);
}

/** Whether a node may come under change now; one that is already needs no further room. */
export function hasBudgetRoom(standing: BudgetStanding, nodeId: string): boolean {
  return standing.nodeIds.has(nodeId) || budgetRoom(standing) > 0;
}

/** What becomes of runs whose turn has come. */
export interface Admission<Run> {
  readonly admitted: readonly Run[];
  /** Each with the first budget that has no room for its node. */
  readonly held: readonly { readonly run: Run; readonly budget: number }[];
  /** How many of the runs, from the first on, were looked at: fewer than all when as many as may be are admitted. */
  readonly consideredCount: number;
}

/** A budget's standing whose nodes can be listed. */
export interface BudgetHolding extends BudgetStanding {
  readonly nodeIds: ReadonlySet<string>;
}

/** What the admission depends on beside the runs. */
export interface AdmissionContext {
  /** At most so many are admitted. */
  readonly limit: number;
  /** The budgets that a node is subject to. */
  readonly budgetsOf: (nodeId: string) => readonly number[];
  readonly standings: ReadonlyMap<number, BudgetHolding>;
}

/**
 * Admits runs in their order, each that has room in all its node's budgets; one that has not is passed over, those behind it are
 * not. A node that is under change already needs no further room.
 */
export function admitRuns<Run extends { readonly nodeId: string }>(
  runs: readonly Run[],
  { limit, budgetsOf, standings }: AdmissionContext,
): Admission<Run> {
  const drafts = new Map(
    [...standings].map(([budget, { maxCount, nodeIds }]) => [
      budget,
      { maxCount, nodeIds: new Set(nodeIds) },
    ]),
  );
  const admitted: Run[] = [];
  const held: { run: Run; budget: number }[] = [];
  for (const run of runs) {
    if (admitted.length >= limit) break;
    const budgets = budgetsOf(run.nodeId);
    const full = budgets.find((budget) => !hasRoom(budget, run.nodeId));
    if (full !== undefined) {
      held.push({ run, budget: full });
      continue;
    }
    for (const budget of budgets) drafts.get(budget)?.nodeIds.add(run.nodeId);
    admitted.push(run);
  }
  return { admitted, held, consideredCount: admitted.length + held.length };

  function hasRoom(budget: number, nodeId: string): boolean {
    const draft = drafts.get(budget);
    return draft === undefined || hasBudgetRoom(draft, nodeId);
  }
}
