import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveGroupRules, type GroupSpec } from "../rollout/group-rules.ts";
import { simulateRound, type Round, type SimulatedTarget } from "./simulate-round.ts";
import type { SimulatedBudgets } from "./virtual-budgets.ts";

interface GroupCase extends Partial<GroupSpec> {
  readonly nodes: number;
}

function target(
  groups: readonly GroupCase[],
  { budgets, ...more }: { budgets?: SimulatedBudgets; executionType?: "parallel" } = {},
): SimulatedTarget {
  return {
    ...{ executionType: "sequential", ...more },
    ...(budgets === undefined ? {} : { budgets }),
    groups: groups.map(({ nodes, ...spec }) => ({
      nodeCount: nodes,
      rules: resolveGroupRules(
        { distributionMethod: "batching", successCriteria: [], timeoutSeconds: 0, ...spec },
        nodes,
      ),
    })),
  };
}

/** The first nodes of every group are in one budget; each group has nodes of its own. */
function firstOf(count: number, maxCount: number): SimulatedBudgets {
  return {
    maxCounts: [maxCount],
    memberAt: (group, position) =>
      position < count ? { nodeId: `${group}/${position}`, budgets: [0] } : undefined,
  };
}

function play(of: SimulatedTarget, offline: readonly number[] = []): Round {
  return simulateRound(of, {
    isOffline: (_, position) => offline.includes(position),
    fateOf: () => ({ outcome: "success", afterMs: 1000 }),
  });
}

const rolling = { distributionMethod: "rolling" } as const;
const batchOf = (value: number) => ({ batchSize: { type: "number", value } }) as const;

describe("a simulated rollout under a disruption budget", () => {
  test("runs a batch in parts as large as the budget", () => {
    const round = play(target([{ nodes: 12 }], { budgets: firstOf(12, 3) }));

    expect(round).toMatchObject({ verdict: "success", durationMs: 4000, touchedCount: 12 });
  });

  test("ends a batch, and soaks, only when all of its runs have ended", () => {
    const group = { nodes: 8, ...batchOf(4), soakSeconds: 10 };

    // Two in the budget one after the other, ten seconds, and the second batch at once.
    const round = play(target([group], { budgets: firstOf(2, 1) }));

    expect(round.durationMs).toBe(2000 + 10_000 + 1000);
  });

  test("does not keep back nodes behind them in a rolling window", () => {
    const group = { nodes: 10, ...rolling, ...batchOf(3) };

    // One of the five is under change all the time, beside two others: 5 s; without the budget it takes 4 s.
    expect(play(target([group], { budgets: firstOf(5, 1) })).durationMs).toBe(5000);
    expect(play(target([group])).durationMs).toBe(4000);
  });

  test("shares a budget among parallel groups", () => {
    const groups = [{ nodes: 4 }, { nodes: 4 }];
    const parallel = { executionType: "parallel" } as const;

    expect(play(target(groups, parallel)).durationMs).toBe(1000);
    const round = play(target(groups, { ...parallel, budgets: firstOf(4, 2) }));
    expect(round).toMatchObject({ verdict: "success", durationMs: 4000 });
  });

  test("counts a node that is in two groups once", () => {
    const budgets = {
      maxCounts: [1],
      memberAt: () => ({ nodeId: "the same", budgets: [0] }),
    };

    const round = play(
      target([{ nodes: 1 }, { nodes: 1 }], { executionType: "parallel", budgets }),
    );

    expect(round.durationMs).toBe(1000);
  });

  test("waits behind a node that is offline until the group's time is up, as the service does", () => {
    const group = { nodes: 3, timeoutSeconds: 60 };

    const round = play(target([group], { budgets: firstOf(3, 1) }), [0]);

    expect(round).toMatchObject({ verdict: "failure", durationMs: 60_000, touchedCount: 0 });
    expect(round.groups[0]).toMatchObject({ counts: { undeliverable: 1, skipped: 2 } });
  });

  test("never has more nodes under change than a budget lets, and leaves nobody behind", () => {
    const amount = fc.integer({ min: 1, max: 6 });
    const anyGroup = fc.record({
      nodes: fc.integer({ min: 0, max: 20 }),
      batchSize: fc.record({ type: fc.constant("number" as const), value: amount }),
      distributionMethod: fc.constantFrom("batching" as const, "rolling" as const),
      onEmpty: fc.constant("succeed" as const),
    });
    const anyCase = fc.record({
      groups: fc.array(anyGroup, { minLength: 1, maxLength: 3 }),
      executionType: fc.constantFrom("sequential" as const, "parallel" as const),
      maxCounts: fc.array(amount, { minLength: 1, maxLength: 3 }),
      masks: fc.array(fc.nat(7), { minLength: 20, maxLength: 20 }),
      durations: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20, maxLength: 20 }),
    });
    fc.assert(
      fc.property(anyCase, ({ groups, executionType, maxCounts, masks, durations }) => {
        const budgetsOf = (position: number): number[] =>
          maxCounts.flatMap((_, budget) =>
            ((masks[position] ?? 0) & (1 << budget)) === 0 ? [] : [budget],
          );
        const memberAt: SimulatedBudgets["memberAt"] = (_, position) => ({
          nodeId: `${position}`,
          budgets: budgetsOf(position),
        });
        const plain = target(groups);
        const round = simulateRound(
          { ...plain, executionType, budgets: { maxCounts, memberAt } },
          {
            isOffline: () => false,
            fateOf: (_, position) => ({ outcome: "success", afterMs: durations[position] ?? 1 }),
          },
        );

        expect(round.verdict).toBe("success");
        // What a budget's nodes take together cannot be done faster than its maximum allows.
        for (const [budget, maxCount] of maxCounts.entries()) {
          const busyMs = durations.reduce((sum, duration, position) => {
            const isIn = budgetsOf(position).includes(budget);
            return isIn && groups.some(({ nodes }) => position < nodes) ? sum + duration : sum;
          }, 0);
          expect(round.durationMs).toBeGreaterThanOrEqual(Math.ceil(busyMs / maxCount));
        }
      }),
    );
  });
});
