import type { PlanMemory } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import { expect, test } from "vitest";
import { recentPlanCharactersMax, recentPlansMax } from "./limits.ts";
import { RecentPlans } from "./recent-plans.ts";

const job: CanonicalJob = {
  actions: { accessMode: "agent", steps: [] },
  ...{ description: "", exceptionRules: [], name: "some", scheduleRule: "immediate" },
  target: { executionType: "sequential", groups: [] },
};

function plan(nodeCount: number): PlanMemory {
  const id = "00000000-0000-4000-8000-000000000000";
  return { job, targets: [Array.from({ length: nodeCount }, () => id)] };
}

test("forgets the oldest plans when there are too many", () => {
  const plans = new RecentPlans();

  for (let index = 0; index <= recentPlansMax; index += 1) plans.keep(`plan ${index}`, plan(1));

  expect(plans.get("plan 0")).toBeUndefined();
  expect(plans.get("plan 1")).toEqual(plan(1));
});

test("forgets the oldest plans when they are too large together", () => {
  const plans = new RecentPlans();
  const large = plan(Math.ceil(recentPlanCharactersMax / 36 / 2));
  plans.keep("small", plan(1));
  plans.keep("first", large);
  plans.keep("again", plan(1));
  plans.keep("small", plan(1));

  plans.keep("second", large);

  expect(plans.get("first")).toBeUndefined();
  expect(plans.get("small")).toEqual(plan(1));
  expect(plans.get("second")).toBe(large);
});
