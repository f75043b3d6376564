import { isGroupFinal, type GroupSpec, type RunOutcome } from "@courier/core";
import fc from "fast-check";
import type { Rollout, WorldEvent } from "./rollout-model.ts";

const anyAmount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ type: fc.constant("percent" as const), value: fc.integer({ min: 1, max: 100 }) }),
);

const anyRamp = fc.record({
  type: fc.constant("ramp" as const),
  value: fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 100 }).map((share) => `${share}%`),
    ),
    { minLength: 1, maxLength: 5 },
  ),
});

/** A rolling window has one size and no wait: templates that ask for more are refused. */
const anyDistribution: fc.Arbitrary<
  Pick<GroupSpec, "batchSize" | "distributionMethod" | "soakSeconds">
> = fc.oneof(
  fc.record(
    { batchSize: anyAmount, distributionMethod: fc.constant("rolling" as const) },
    { requiredKeys: ["distributionMethod"] },
  ),
  fc.record(
    {
      batchSize: fc.oneof(anyAmount, anyRamp),
      distributionMethod: fc.constant("batching" as const),
      soakSeconds: fc.constantFrom(0, 5, 30),
    },
    { requiredKeys: ["distributionMethod"] },
  ),
);

const anyHaltAmount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ type: fc.constant("percent" as const), value: fc.integer({ min: 1, max: 100 }) }),
);

const anyRules = fc.record(
  {
    successCriteria: fc.array(
      fc.record({ status: fc.constantFrom("success", "failure"), numRuns: anyAmount }),
      { maxLength: 2 },
    ),
    timeoutSeconds: fc.constantFrom(0, 0, 1, 60),
    earlyTermination: fc.boolean(),
    minReady: fc.record({
      type: fc.constant("percent" as const),
      value: fc.integer({ min: 0, max: 100 }),
    }),
    onEmpty: fc.constantFrom("fail", "succeed"),
    haltOn: fc.record(
      { failure: anyHaltAmount, unreachable: anyHaltAmount, timeout: anyHaltAmount },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["successCriteria", "timeoutSeconds"] },
);

export const anySpec: fc.Arbitrary<GroupSpec> = fc
  .tuple(anyDistribution, anyRules)
  .map(([distribution, rules]) => ({ ...distribution, ...rules }) as GroupSpec);

const anyOutcome: fc.Arbitrary<RunOutcome> = fc.constantFrom(
  "success",
  "success",
  "success",
  "failure",
  "timeout",
  "undeliverable",
  "unknown",
  "canceled",
);

export const anyEvent: fc.Arbitrary<WorldEvent> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      pick: fc.nat(100),
      outcome: anyOutcome,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("cancel-run" as const), pick: fc.nat(100) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("online" as const), count: fc.nat(40) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel-group" as const) }) },
);

export const anyCase = fc.record({
  spec: anySpec,
  nodeCount: fc.integer({ min: 0, max: 40 }),
  events: fc.array(anyEvent, { maxLength: 80 }),
  /** How the runs end that are left when the faults stop. */
  outcome: anyOutcome,
});

/** Lets all of this happen. */
export function play(rollout: Rollout, events: readonly WorldEvent[]): void {
  rollout.settle();
  for (const event of events) rollout.happen(event);
}

/** The faults stop: nodes are online and every run ends. */
export function calm(rollout: Rollout, outcome: RunOutcome): void {
  rollout.happen({ kind: "online", count: rollout.runs.length });
  const hasEnded = (): boolean => isGroupFinal(rollout.status);
  for (let turn = 0; turn <= 2 * rollout.runs.length && !hasEnded(); turn += 1) {
    if (rollout.isBusy) rollout.happen({ kind: "end", pick: 0, outcome });
    else rollout.happen({ kind: "pass", ms: rollout.rules.soakMs });
  }
}
