import { resolveAmount, type Amount } from "./amount.ts";
import { endedCount, failedCount, type RunCounts } from "./run-counts.ts";

/** One success criterion of a group (semantics.md section 4). */
export interface Criterion {
  readonly status: "success" | "failure";
  readonly numRuns: Amount;
}

/** Where a group stands against its criteria. `open`: both verdicts are still possible. */
export type CriteriaStanding =
  | { readonly standing: "met" }
  | { readonly standing: "open" }
  | { readonly standing: "lost"; readonly reason: string };

const everyRunSucceeds: Criterion = {
  status: "success",
  numRuns: { type: "percent", value: 100 },
};

/**
 * Judges counts against all criteria; the denominator is always the group's node count.
 * No criteria at all means that every run must succeed. `met` and `open` become a verdict only when every run has ended.
 */
export function judgeCriteria(
  criteria: readonly Criterion[],
  counts: RunCounts,
  nodeCount: number,
): CriteriaStanding {
  const effective = criteria.length === 0 ? [everyRunSucceeds] : criteria;
  const standings = effective.map((criterion) => judge(criterion, counts, nodeCount));
  const lost = standings.find((one) => one.standing === "lost");
  if (lost !== undefined) return lost;
  return { standing: standings.every((one) => one.standing === "met") ? "met" : "open" };
}

/** One criterion in numbers: `success` needs at least `limit`, `failure` bears at most `limit`. */
export interface CriterionStanding {
  readonly status: Criterion["status"];
  readonly limit: number;
  /** Runs that count for it so far. */
  readonly count: number;
  readonly standing: CriteriaStanding["standing"];
}

/** Where a group stands against each of its criteria. */
export function measureCriteria(
  criteria: readonly Criterion[],
  counts: RunCounts,
  nodeCount: number,
): readonly CriterionStanding[] {
  const effective = criteria.length === 0 ? [everyRunSucceeds] : criteria;
  return effective.map((criterion) => {
    const { status } = criterion;
    const { standing } = judge(criterion, counts, nodeCount);
    return status === "success"
      ? { status, limit: requiredCount(criterion, nodeCount), count: counts.success, standing }
      : { status, limit: allowedCount(criterion, nodeCount), count: failedCount(counts), standing };
  });
}

function judge(criterion: Criterion, counts: RunCounts, nodeCount: number): CriteriaStanding {
  return criterion.status === "success"
    ? judgeSuccess(requiredCount(criterion, nodeCount), counts, nodeCount)
    : judgeFailure(allowedCount(criterion, nodeCount), counts, nodeCount);
}

function requiredCount({ numRuns }: Criterion, nodeCount: number): number {
  return resolveAmount(numRuns, nodeCount, "up");
}

function allowedCount({ numRuns }: Criterion, nodeCount: number): number {
  return resolveAmount(numRuns, nodeCount, "down");
}

function judgeSuccess(required: number, counts: RunCounts, nodeCount: number): CriteriaStanding {
  if (counts.success >= required) return { standing: "met" };
  const undecided = nodeCount - endedCount(counts);
  if (counts.success + undecided >= required) return { standing: "open" };
  return {
    standing: "lost",
    reason: `${required} of ${nodeCount} runs must succeed, at most ${counts.success + undecided} can`,
  };
}

function judgeFailure(allowed: number, counts: RunCounts, nodeCount: number): CriteriaStanding {
  const failed = failedCount(counts);
  if (failed > allowed) {
    return {
      standing: "lost",
      reason: `at most ${allowed} of ${nodeCount} runs may fail, ${failed} did`,
    };
  }
  const undecided = nodeCount - endedCount(counts);
  return { standing: failed + undecided <= allowed ? "met" : "open" };
}
