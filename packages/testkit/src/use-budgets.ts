import { randomUUID } from "node:crypto";
import {
  addHolders,
  addWaiters,
  deleteBudget,
  dropEndedHolders,
  dropWaiters,
  dropWaitersOfGroup,
  findCoveredNodes,
  hasWaiters,
  insertBudget,
  listBudgetWaits,
  listHeldInstanceIds,
  listHoldingNodes,
  lockBudgets,
  measureBudget,
  readBudgets,
  recountBudget,
  selectHeldRuns,
  updateBudget,
  type Database,
} from "@courier/store";

/** Uses every statement that dispatching under disruption budgets uses, on an instance of which the third run is in flight. */
export async function useBudgets(
  db: Database,
  ids: {
    readonly nodeIds: readonly string[];
    readonly instanceId: string;
    readonly runIds: readonly string[];
  },
): Promise<void> {
  const { nodeIds, instanceId, runIds } = ids;
  const now = 1000;
  const attributes = [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }];
  const budget = {
    ...{ id: randomUUID(), name: "db", description: "", createdBy: "" },
    constraints: JSON.stringify({ attributes }),
    maxAmount: '{"type":"number","value":1}',
    ...{ createdAt: now, updatedAt: now },
  };
  await insertBudget(db, budget);
  const [runId, nodeId, waiting] = [runIds[2] ?? "", nodeIds[2] ?? "", runIds.at(-1) ?? ""];
  const group = { instanceId, groupNumber: 0 };
  await db.transaction(async (tx) => {
    const [use] = await readBudgets(tx);
    if (use === undefined) throw new Error("the budget was added");
    await findCoveredNodes(tx, use, nodeIds);
    await lockBudgets(tx);
    await recountBudget(tx, { budget: use, now });
    await addHolders(tx, [{ budgetSeq: use.seq, runId, nodeId }]);
    await dropEndedHolders(tx);
    await listHoldingNodes(tx, use.seq);
    const waiters = [{ runId: waiting, position: 9, budgetSeq: use.seq }];
    await addWaiters(tx, { ...group, waiters });
    const picks = [null, use.seq].map((budgetSeq) => ({ budgetSeq, limit: 1 }));
    await selectHeldRuns(tx, { ...group, picks });
    await hasWaiters(tx, group);
    await dropWaiters(tx, ["none"]);
  });
  await listHeldInstanceIds(db, { limit: 1 });
  await listBudgetWaits(db, { instanceId, holdersMax: 1 });
  await measureBudget(db, budget);
  await db.transaction(async (tx) => await dropWaitersOfGroup(tx, group));
  await updateBudget(db, budget.id, budget);
  await deleteBudget(db, budget.id);
}
