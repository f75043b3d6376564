import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admitRuns, budgetMax, budgetRoom } from "./budget.ts";

describe("a disruption budget", () => {
  // The table of the README.
  test.each([
    { amount: { type: "number", value: 3 }, nodes: 50, max: 3 },
    { amount: { type: "percent", value: 10 }, nodes: 50, max: 5 },
    { amount: { type: "percent", value: 10 }, nodes: 25, max: 2 },
    { amount: { type: "percent", value: 10 }, nodes: 9, max: 1 },
    { amount: { type: "percent", value: 10 }, nodes: 0, max: 1 },
    { amount: { type: "percent", value: 100 }, nodes: 7, max: 7 },
  ] as const)("of $amount lets $max of $nodes nodes be under change", ({ amount, nodes, max }) => {
    expect(budgetMax(amount, nodes)).toBe(max);
  });
});

const anyCase = fc.record({
  runs: fc.array(
    fc.integer({ min: 0, max: 12 }).map((node) => ({ nodeId: `node-${node}` })),
    { maxLength: 40 },
  ),
  limit: fc.integer({ min: 0, max: 40 }),
  budgets: fc.array(
    fc.record({
      maxCount: fc.integer({ min: 1, max: 6 }),
      /** The nodes it is about. */
      covers: fc.uniqueArray(fc.integer({ min: 0, max: 12 })),
      /** How many of them are under change already; can be more than the maximum, when that was lowered. */
      busy: fc.nat(8),
    }),
    { maxLength: 3 },
  ),
});

function standingsOf(budgets: readonly { maxCount: number; covers: number[]; busy: number }[]) {
  const names = budgets.map(({ covers }) => covers.map((node) => `node-${node}`));
  return {
    covers: names,
    standings: new Map(
      budgets.map(({ maxCount, busy }, index) => [
        index,
        { maxCount, nodeIds: new Set(names[index]?.slice(0, busy)) },
      ]),
    ),
    budgetsOf: (nodeId: string) =>
      names.flatMap((covered, index) => (covered.includes(nodeId) ? [index] : [])),
  };
}

test("no budget is exceeded, and nobody waits without a reason", () => {
  fc.assert(
    fc.property(anyCase, ({ runs, limit, budgets }) => {
      const { standings, budgetsOf } = standingsOf(budgets);

      const { admitted, held, consideredCount } = admitRuns(runs, { limit, budgetsOf, standings });

      expect(admitted.length).toBeLessThanOrEqual(limit);
      expect(admitted.length + held.length).toBe(consideredCount);
      if (admitted.length < limit) expect(consideredCount).toBe(runs.length);
      for (const [budget, { maxCount, nodeIds }] of standings) {
        const mine = admitted.filter(({ nodeId }) => budgetsOf(nodeId).includes(budget));
        const after = new Set([...nodeIds, ...mine.map(({ nodeId }) => nodeId)]);
        expect(after.size).toBeLessThanOrEqual(Math.max(maxCount, nodeIds.size));
        const waiting = held.filter((each) => each.budget === budget);
        if (waiting.length > 0) expect(budgetRoom({ maxCount, nodeIds: after })).toBe(0);
        for (const { run } of waiting) expect(after.has(run.nodeId)).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a node of no budget is never kept back by one", () => {
  const { standings } = standingsOf([{ maxCount: 1, covers: [0], busy: 1 }]);
  const runs = [{ nodeId: "node-1" }, { nodeId: "node-2" }];

  expect(admitRuns(runs, { limit: 9, budgetsOf: () => [], standings }).admitted).toEqual(runs);
});

test("what is given stays as it is", () => {
  const nodeIds = new Set(["a"]);

  const { admitted } = admitRuns([{ nodeId: "b" }], {
    limit: 1,
    budgetsOf: () => [0],
    standings: new Map([[0, { maxCount: 2, nodeIds }]]),
  });

  expect(admitted).toHaveLength(1);
  expect([...nodeIds]).toEqual(["a"]);
});
