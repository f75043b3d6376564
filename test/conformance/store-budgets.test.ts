import { randomUUID } from "node:crypto";
import {
  addHolders,
  addToCounts,
  addWaiters,
  changeUserAttributes,
  deleteBudget,
  dispatchRuns,
  dropEndedHolders,
  endRuns,
  findCoveredNodes,
  hasWaiters,
  insertBudget,
  listBudgetWaits,
  listHoldingNodes,
  lockBudgets,
  measureBudget,
  recountBudget,
  selectHeldRuns,
  updateBudget,
  type BudgetRow,
  type Database,
} from "@courier/store";
import { expect, it } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

const constraints = JSON.stringify({
  attributes: [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }],
});

function newBudget(budget: Partial<BudgetRow> = {}): BudgetRow {
  return {
    ...{ id: randomUUID(), name: "db", description: "", constraints },
    maxAmount: '{"type":"number","value":1}',
    ...{ createdAt: now, updatedAt: now, createdBy: "" },
    ...budget,
  };
}

/** A budget, and an instance on three nodes, of which the first two belong to it. */
async function fill({ db, addNodes, addInstance }: StoreFixture) {
  const nodeIds = await addNodes(3);
  for (const nodeId of nodeIds.slice(0, 2)) {
    await changeUserAttributes(db, { nodeId, now, change: () => '{"tags":{"role":"db"}}' });
  }
  const budget = newBudget();
  expect(await insertBudget(db, budget)).toEqual({ ok: true });
  const instance = await addInstance([nodeIds]);
  return {
    budget,
    nodeIds,
    group: { instanceId: instance.id, groupNumber: 0 },
    runs: at(instance.runs, 0),
  };
}

async function dispatch(db: Database, ids: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => void (await dispatchRuns(tx, { ids, now })));
}

onEachDatabase("disruption budgets", (setup) => {
  it("are about the nodes that their filter describes now", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const { budget, nodeIds } = await fill(fixture);

    expect(await findCoveredNodes(db, budget, nodeIds.slice(1))).toEqual(nodeIds.slice(1, 2));
    expect(await measureBudget(db, budget)).toEqual({
      ...{ nodeCount: 2, underChangeCount: 0, waitingCount: 0 },
    });
  });

  it("have unique names", async () => {
    const fixture = await setup();
    const { budget } = await fill(fixture);
    const taken = { ok: false, reason: "name-taken", id: budget.id };
    const other = newBudget({ name: "other" });
    await insertBudget(fixture.db, other);

    expect(await insertBudget(fixture.db, newBudget())).toEqual(taken);
    expect(await updateBudget(fixture.db, other.id, { ...other, name: "db" })).toEqual(taken);
    expect(await updateBudget(fixture.db, other.id, other)).toEqual({ ok: true });
  });

  it("count runs in flight on their nodes, also those from before, until these have ended", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const { runs, nodeIds, budget } = await fill(fixture);
    const ids = runs.map(({ id }) => id);
    await dispatch(db, ids);

    await db.transaction(async (tx) => {
      const locked = only(await lockBudgets(tx));
      expect(await recountBudget(tx, { budget: locked, now })).toBe(2);
      expect((await listHoldingNodes(tx, locked.seq)).toSorted()).toEqual(
        nodeIds.slice(0, 2).toSorted(),
      );
      expect(only(await lockBudgets(tx))).toMatchObject({ nodeCount: 2, countedAt: now });
      const end = { status: "unknown", reason: "", now, from: ["dispatched"] } as const;
      await endRuns(tx, { ids: ids.slice(0, 1), ...end });
      expect(await listHoldingNodes(tx, locked.seq)).toEqual(nodeIds.slice(1, 2));
      expect(await dropEndedHolders(tx)).toBe(1);
      expect(await dropEndedHolders(tx)).toBe(0);
    });
    expect(await measureBudget(db, budget)).toMatchObject({ underChangeCount: 1 });
  });

  it("say who waits and who uses them, and let the former go when they change or go", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const { runs, budget, group, nodeIds } = await fill(fixture);
    const [first, second] = [at(runs, 0), at(runs, 1)];
    await dispatch(db, [first.id]);
    await addToCounts(db, [{ ...group, counts: { inFlight: 1 } }]);
    const seq = await db.transaction(async (tx) => {
      const locked = only(await lockBudgets(tx));
      const holder = { budgetSeq: locked.seq, runId: first.id, nodeId: first.nodeId };
      await addHolders(tx, [holder, holder].slice(0, 1));
      await addHolders(tx, [holder]);
      const waiters = [{ runId: second.id, position: 1, budgetSeq: locked.seq }];
      await addWaiters(tx, { ...group, waiters });
      await addWaiters(tx, { ...group, waiters });
      return locked.seq;
    });

    const wait = only(await listBudgetWaits(db, { instanceId: group.instanceId, holdersMax: 3 }));
    expect(wait).toMatchObject({ budgetId: budget.id, waitingCount: 1, holdingCount: 1 });
    expect(only(wait.holders)).toMatchObject({ runId: first.id, nodeId: at(nodeIds, 0) });
    const pick = async (budgetSeq: number | null): Promise<string[]> => {
      const found = await selectHeldRuns(db, { ...group, picks: [{ budgetSeq, limit: 5 }] });
      return found.map(({ id }) => id);
    };
    expect(await pick(seq)).toEqual([second.id]);
    expect(await hasWaiters(db, group)).toBe(true);

    await updateBudget(db, budget.id, budget);
    expect([await pick(seq), await pick(null)]).toEqual([[], [second.id]]);
    expect(await deleteBudget(db, budget.id)).toBe(true);
    expect(await deleteBudget(db, budget.id)).toBe(false);
    expect(await pick(null)).toEqual([second.id]);
    await dispatch(db, [second.id]);
    expect(await hasWaiters(db, group)).toBe(false);
  });

  it("let one transaction after the other look at what is used", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const { runs } = await fill(fixture);
    const limit = 1;

    /** What a scheduler does: looks at the room under the lock, and uses it. */
    const useOne = async (index: number): Promise<boolean> =>
      await db.transaction(async (tx) => {
        const { seq } = only(await lockBudgets(tx));
        if ((await listHoldingNodes(tx, seq)).length >= limit) return false;
        const run = at(runs, index);
        await dispatchRuns(tx, { ids: [run.id], now });
        await addHolders(tx, [{ budgetSeq: seq, runId: run.id, nodeId: run.nodeId }]);
        return true;
      });
    // Connections are there before it counts, so that the two do meet.
    await Promise.all(
      [0, 1].map(async () => await db.transaction(async (tx) => await lockBudgets(tx))),
    );
    const used = await Promise.all([useOne(0), useOne(1)]);

    expect(used.filter((isUsed) => isUsed)).toHaveLength(1);
  });
});
