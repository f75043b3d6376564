import { canonicalJson, type PlanMemory } from "@courier/core";
import { recentPlanCharactersMax, recentPlansMax } from "./limits.ts";

/**
 * What was planned lately, so that a refusal can say what is different. Nothing depends on it: a plan that is forgotten,
 * or that another replica made, is compared by its hash alone.
 */
export class RecentPlans {
  /** Oldest first. */
  readonly #plans = new Map<string, { readonly plan: PlanMemory; readonly size: number }>();
  #size = 0;

  get(hash: string): PlanMemory | undefined {
    return this.#plans.get(hash)?.plan;
  }

  /** Keeps a plan; the oldest ones give way. */
  keep(hash: string, plan: PlanMemory): void {
    this.#forget(hash);
    const size = charactersIn(plan);
    this.#plans.set(hash, { plan, size });
    this.#size += size;
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= recentPlansMax && this.#size <= recentPlanCharactersMax) return;
      this.#forget(oldest);
    }
  }

  #forget(hash: string): void {
    const kept = this.#plans.get(hash);
    if (kept === undefined) return;
    this.#plans.delete(hash);
    this.#size -= kept.size;
  }
}

function charactersIn({ job, targets }: PlanMemory): number {
  const ids = targets.flat().reduce((sum, id) => sum + id.length, 0);
  return canonicalJson(job).length + ids;
}
