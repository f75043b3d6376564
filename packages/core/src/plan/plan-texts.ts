import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import { resolveGroupRules } from "../rollout/group-rules.ts";
import { listBatches } from "../rollout/list-batches.ts";
import { canonicalJson } from "../template/canonicalise.ts";

/** The two texts that a plan's hash is made from. */
export interface PlanTexts {
  readonly template: string;
  readonly targets: string;
}

/**
 * What a plan promises, as text. `template`: the canonical job, without the node identifiers of groups that name their
 * nodes, because the targets stand for them. `targets`: for each group the ids of its nodes, batch by batch, sorted
 * within a batch; of a rolling group the first window sorted and the others in their order. So neither the format of the
 * file, the order of its keys, the spelling of a node nor the time changes them, but a node more or less or another
 * batch does.
 */
export function planTexts(job: CanonicalJob, targets: readonly (readonly string[])[]): PlanTexts {
  const groups = job.target.groups.map((group) =>
    group.nodeListType === "nodes" ? { ...group, nodeIdentifiers: [] } : group,
  );
  return {
    template: canonicalJson({ ...job, target: { ...job.target, groups } }),
    targets: JSON.stringify(
      job.target.groups.map((group, index) => orderOf(group, targets[index] ?? [])),
    ),
  };
}

/** Node ids in an order that only says what matters: who is in which batch. */
function orderOf(
  group: CanonicalGroup,
  nodeIds: readonly string[],
): readonly (readonly string[])[] {
  const rules = resolveGroupRules(group, nodeIds.length);
  if (rules.distributionMethod === "rolling") {
    const [size] = rules.batchSizes;
    return [nodeIds.slice(0, size).toSorted(), nodeIds.slice(size)];
  }
  return listBatches(rules, nodeIds.length).map(({ from, count }) =>
    nodeIds.slice(from, from + count).toSorted(),
  );
}
