import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveGroupRules, type GroupSpec } from "../rollout/group-rules.ts";
import { listBatches, type Batch } from "../rollout/list-batches.ts";
import { parseLatency, type Latency } from "./latency.ts";
import { simulateRound, type SimulatedTarget } from "./simulate-round.ts";
import {
  playRounds,
  roundsFor,
  summariseRounds,
  type Assumptions,
  type Simulation,
  type SimulationOrder,
} from "./simulate-rollout.ts";
import type { RunFate } from "./virtual-group.ts";
import { simulateBrokenChange, worstCaseOf } from "./worst-case.ts";

function latency(text: string): Latency {
  const parsed = parseLatency(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.latency;
}

const calm: Assumptions = {
  ...{ failureRate: 0, timeoutRate: 0, unreachableRate: 0, stepLimitMs: null, offline: [] },
  latency: latency("5s"),
};

function simulateRollout(order: SimulationOrder): Simulation {
  return summariseRounds(order, [...playRounds(order)]);
}

interface GroupCase extends Partial<GroupSpec> {
  readonly nodes: number;
}

function target(
  groups: readonly GroupCase[],
  executionType: "sequential" | "parallel" = "sequential",
): SimulatedTarget {
  return {
    executionType,
    groups: groups.map(({ nodes, ...spec }) => ({
      nodeCount: nodes,
      rules: resolveGroupRules(
        { distributionMethod: "batching", successCriteria: [], timeoutSeconds: 0, ...spec },
        nodes,
      ),
    })),
  };
}

function simulate(of: SimulatedTarget, assumptions: Partial<Assumptions> = {}, seed = "1") {
  return simulateRollout({
    ...{ target: of, rounds: 50, seed },
    assumptions: { ...calm, ...assumptions },
  });
}

const ten = { batchSize: { type: "number", value: 10 } } as const;
const atMostTwoFail = {
  successCriteria: [{ status: "failure", numRuns: { type: "number", value: 2 } }],
  earlyTermination: true,
} as const;

describe("a simulated rollout", () => {
  test("takes as long as its batches, one after the other", () => {
    const result = simulate(target([{ nodes: 25, ...ten }]));

    expect(result.durationMs).toEqual({ p50: 15_000, p95: 15_000, max: 15_000 });
    expect(result.probability).toEqual({ success: 1, failure: 0, stalled: 0 });
    expect(result.touched).toMatchObject({ p50: 25, worstCase: 25, whenEveryRunFails: 25 });
  });

  test("takes as long as the longest of its parallel groups, or as all its groups in a row", () => {
    const groups = [{ nodes: 20, ...ten }, { nodes: 5 }];

    expect(simulate(target(groups, "parallel")).durationMs?.max).toBe(10_000);
    expect(simulate(target(groups)).durationMs?.max).toBe(15_000);
  });

  test("halts when the criteria are lost, and bars the groups behind", () => {
    const result = simulate(target([{ nodes: 100, ...ten, ...atMostTwoFail }, { nodes: 50 }]), {
      failureRate: 1,
    });

    expect(result.touched).toEqual({
      p50: 10,
      p95: 10,
      max: 10,
      worstCase: 150,
      whenEveryRunFails: 10,
    });
    expect(result.failed).toEqual({ p50: 10, p95: 10, max: 10, worstCase: 52 });
    expect(result.groups.map(({ probability }) => probability)).toEqual([
      { success: 0, failure: 1, skipped: 0, stalled: 0 },
      { success: 0, failure: 0, skipped: 1, stalled: 0 },
    ]);
    expect(result.groups.map(({ haltedBy }) => haltedBy)).toEqual([
      { criteria: 1 },
      { sequence: 1 },
    ]);
    expect(result.groups[0]).toMatchObject({ failuresToLose: 3, failuresToHalt: 3 });
  });

  test("waits after each batch of a ramp, and halts on what haltOn says", () => {
    const ramp = {
      nodes: 100,
      batchSize: { type: "ramp", value: [1, 5, "10%", "50%"] },
      soakSeconds: 60,
      haltOn: { failure: { type: "number", value: 2 }, timeout: { type: "number", value: 3 } },
      successCriteria: [{ status: "success", numRuns: { type: "percent", value: 50 } }],
    } as const;

    const calmly = simulate(target([ramp]));
    const broken = simulate(target([ramp]), { failureRate: 1 });

    // 1 + 5 + 10 + 50 + 34 nodes: five batches of 5 s, four waits.
    expect(calmly.durationMs?.max).toBe(5 * 5000 + 4 * 60_000);
    expect(broken.touched).toMatchObject({ max: 6, whenEveryRunFails: 6, worstCase: 100 });
    // Nothing limits the unreachable, so all may become so.
    expect(broken.failed.worstCase).toBe(100);
    expect(broken.groups[0]).toMatchObject({ failuresToHalt: 2, haltedBy: { haltOn: 1 } });
    const all = {
      ...ramp,
      haltOn: { ...ramp.haltOn, unreachable: { type: "number", value: 1 } },
    } as const;
    expect(worstCaseOf(target([all])).failedCount).toBe(50 + 3);
  });

  test("a rolling window is refilled while failures come in one by one", () => {
    const group = { nodes: 100, ...ten, ...atMostTwoFail, distributionMethod: "rolling" } as const;

    expect(simulateBrokenChange(target([group])).touchedCount).toBe(12);
    expect(worstCaseOf(target([group])).failedCount).toBe(12);
  });

  test("a group that cannot succeed starts nothing under earlyTermination", () => {
    const impossible = {
      nodes: 5,
      earlyTermination: true,
      successCriteria: [{ status: "success", numRuns: { type: "number", value: 9 } }],
    } as const;

    const result = simulate(target([impossible]));

    expect(result.touched).toMatchObject({ max: 0, worstCase: 0, whenEveryRunFails: 0 });
    expect(result.durationMs?.max).toBe(0);
  });

  test.each([
    ["waits until the limit", { timeoutSeconds: 60 }, 60_000, { success: 0, failure: 1 }],
    ["fails at once", { offlinePolicy: "fail" }, 5000, { success: 0, failure: 1 }],
    [
      "is skipped",
      {
        offlinePolicy: "skip",
        successCriteria: [{ status: "success", numRuns: { type: "number", value: 1 } }],
      },
      5000,
      { success: 1, failure: 0 },
    ],
    ["is waited for in vain", {}, null, { success: 0, failure: 0, stalled: 1 }],
    [
      "lacks in the quorum",
      { minReady: { type: "number", value: 3 }, timeoutSeconds: 9 },
      9000,
      { success: 0, failure: 1 },
    ],
  ] as const)("a node that is offline %s", (...[, spec, durationMs, probability]) => {
    const result = simulate(target([{ nodes: 3, ...spec }]), { offline: [new Set([1])] });

    expect(result.probability).toMatchObject(probability);
    expect(result.durationMs?.max ?? null).toBe(durationMs);
    expect(result.touched.max).toBe(spec === undefined || "minReady" in spec ? 0 : 2);
  });

  test("a run that hangs is ended by its step's limit, else by the group's, else never", () => {
    const hang = { timeoutRate: 1 };

    expect(simulate(target([{ nodes: 3 }]), { ...hang, stepLimitMs: 7000 }).durationMs?.max).toBe(
      7000,
    );
    expect(simulate(target([{ nodes: 3, timeoutSeconds: 9 }]), hang).durationMs?.max).toBe(9000);
    expect(simulate(target([{ nodes: 3 }]), hang).probability.stalled).toBe(1);
  });

  test("comes out near the rates that it was told", () => {
    const result = simulateRollout({
      target: target([
        {
          nodes: 1000,
          successCriteria: [{ status: "failure", numRuns: { type: "percent", value: 100 } }],
        },
      ]),
      assumptions: { ...calm, failureRate: 0.1, latency: latency("p50=5s,p99=60s") },
      rounds: 40,
      seed: "rates",
    });

    expect(result.failed.p50).toBeGreaterThan(85);
    expect(result.failed.p50).toBeLessThan(115);
    expect(result.durationMs?.p50).toBeGreaterThan(60_000);
  });

  test("is the same for the same seed, and another one for another", () => {
    const of = target([{ nodes: 40, ...ten, ...atMostTwoFail }]);
    const some = { failureRate: 0.05, latency: latency("2s..30s") };

    expect(simulate(of, some, "a")).toEqual(simulate(of, some, "a"));
    expect(simulate(of, some, "a")).not.toEqual(simulate(of, some, "b"));
  });
});

const anyAmount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ type: fc.constant("percent" as const), value: fc.integer({ min: 0, max: 100 }) }),
);

const anyRamp = fc.record({
  type: fc.constant("ramp" as const),
  value: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom("10%", "50%")), {
    minLength: 1,
    maxLength: 4,
  }),
});

const anyGroup: fc.Arbitrary<GroupCase> = fc
  .record(
    {
      nodes: fc.integer({ min: 0, max: 30 }),
      batchSize: fc.oneof(anyAmount, anyRamp),
      soakSeconds: fc.constantFrom(0, 0, 1, 30),
      haltOn: fc.record(
        { failure: anyAmount, unreachable: anyAmount, timeout: anyAmount },
        { requiredKeys: [] },
      ),
      distributionMethod: fc.constantFrom("batching", "rolling"),
      successCriteria: fc.array(
        fc.record({ status: fc.constantFrom("success", "failure"), numRuns: anyAmount }),
        { maxLength: 2 },
      ),
      timeoutSeconds: fc.constantFrom(0, 0, 1, 60),
      earlyTermination: fc.boolean(),
      minReady: anyAmount,
      offlinePolicy: fc.constantFrom("wait", "fail", "skip"),
      onEmpty: fc.constantFrom("fail", "succeed"),
    },
    { requiredKeys: ["nodes"] },
  )
  // Optional keys are left out or have a value.
  .map((group) => group as GroupCase);

const anyTarget = fc
  .tuple(
    fc.array(anyGroup, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("sequential" as const, "parallel" as const),
  )
  .map(([groups, executionType]) => target(groups, executionType));

const anyFate: fc.Arbitrary<RunFate> = fc.record({
  outcome: fc.constantFrom("success", "success", "failure", "timeout"),
  afterMs: fc.constantFrom(0, 1, 2, 3, 500, 1000, null),
});

const anyLuck = fc.record({
  fates: fc.array(anyFate, { minLength: 1, maxLength: 20 }),
  offline: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
});

describe("every simulated round", () => {
  test("gives each node one outcome, starts the batches of the plan, and is no worse than the worst case", () => {
    fc.assert(
      fc.property(anyTarget, anyLuck, (of, { fates, offline }) => {
        let started = 0;
        const batches = of.groups.map((): Batch[] => []);
        const round = simulateRound(of, {
          batchStarts: (groupNumber, batch) => batches[groupNumber]?.push(batch),
          isOffline: (_, position) => offline[position % offline.length] === true,
          fateOf: () => fates[started++ % fates.length] ?? { outcome: "success", afterMs: 1 },
        });

        const worst = worstCaseOf(of);
        expect(round.touchedCount).toBeLessThanOrEqual(worst.touchedCount);
        expect(round.failedCount).toBeLessThanOrEqual(worst.failedCount);
        for (const [index, group] of round.groups.entries()) {
          const { rules, nodeCount } = of.groups[index] ?? { nodeCount: -1 };
          if (rules === undefined) throw new Error("no such group");
          const planned = listBatches(rules, nodeCount);
          const seen = batches[index] ?? [];
          expect(seen).toEqual(planned.slice(0, seen.length));
          if (group.counts.skipped === 0 && group.status === "success")
            expect(seen).toEqual(planned);
          if (round.verdict !== "stalled") {
            const { inFlight, ...outcomes } = group.counts;
            const sum = Object.values(outcomes).reduce((all, count) => all + count, 0);
            expect([inFlight, sum]).toEqual([0, nodeCount]);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("of a broken change is no worse than the worst case either", () => {
    fc.assert(
      fc.property(anyTarget, (of) => {
        const round = simulateBrokenChange(of);

        expect(round.verdict).not.toBe("stalled");
        expect(round.touchedCount).toBeLessThanOrEqual(
          of.groups.reduce((sum, { nodeCount }) => sum + nodeCount, 0),
        );
      }),
    );
  });

  test("the bound on failures is reached by some course of events", () => {
    const sizes = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 1, max: 40 }), (size, allowed, nodes) => {
        const of = target([
          {
            nodes,
            batchSize: { type: "number", value: size },
            earlyTermination: true,
            successCriteria: [{ status: "failure", numRuns: { type: "number", value: allowed } }],
          },
        ]);
        let worst = 0;
        for (let calmCount = 0; calmCount <= nodes; calmCount += 1) {
          const round = simulateRound(of, {
            isOffline: () => false,
            // As many failures as are allowed first, then calm, and then everything fails.
            fateOf: (_, position) => ({
              outcome:
                position < allowed || position >= allowed + calmCount ? "failure" : "success",
              afterMs: 1,
            }),
          });
          worst = Math.max(worst, round.failedCount);
        }

        expect(worst).toBe(worstCaseOf(of).failedCount);
      }),
    );
  });
});

test("plays more rounds the fewer nodes there are", () => {
  expect([0, 100, 10_000, 100_000, 1_000_000].map(roundsFor)).toEqual([1000, 1000, 200, 20, 20]);
});
