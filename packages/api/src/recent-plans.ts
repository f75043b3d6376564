import type { PlanMemory } from "@courier/core";
import { recentPlanNodesMax, recentPlansMax } from "./limits.ts";

/**
 * What was planned lately, so that a refusal can say what is different. Nothing depends on it: a plan that is forgotten,
 * or that another replica made, is compared by its hash alone.
 */
export class RecentPlans {
  /** Oldest first. */
  readonly #plans = new Map<string, PlanMemory>();
  #nodeCount = 0;

  get(hash: string): PlanMemory | undefined {
    return this.#plans.get(hash);
  }

  /** Keeps a plan; the oldest ones give way. */
  keep(hash: string, plan: PlanMemory): void {
    this.#forget(hash);
    this.#plans.set(hash, plan);
    this.#nodeCount += nodesIn(plan);
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= recentPlansMax && this.#nodeCount <= recentPlanNodesMax) return;
      this.#forget(oldest);
    }
  }

  #forget(hash: string): void {
    const plan = this.#plans.get(hash);
    if (plan === undefined) return;
    this.#plans.delete(hash);
    this.#nodeCount -= nodesIn(plan);
  }
}

function nodesIn({ targets }: PlanMemory): number {
  return targets.reduce((sum, nodeIds) => sum + nodeIds.length, 0);
}
