import type { Amount } from "./amount.ts";
import type { GroupSpec } from "./group-rules.ts";

/**
 * A group's rules for fewer nodes than they were written for: what must succeed and what must be online is at most all
 * of them. Percentages and what may fail stay as they are.
 */
export function fitGroup<Group extends GroupSpec>(group: Group, nodeCount: number): Group {
  const { minReady } = group;
  return {
    ...group,
    successCriteria: group.successCriteria.map((criterion) =>
      criterion.status === "success"
        ? { ...criterion, numRuns: atMost(criterion.numRuns, nodeCount) }
        : criterion,
    ),
    ...(minReady === undefined ? {} : { minReady: atMost(minReady, nodeCount) }),
  };
}

function atMost(amount: Amount, nodeCount: number): Amount {
  return amount.type === "percent"
    ? amount
    : { type: "number", value: Math.min(amount.value, nodeCount) };
}
