import type { ErrorDetail } from "../courier-error.ts";
import { describeAbsent } from "../rollout/describe-group.ts";
import { resolveGroupRules, type GroupRules } from "../rollout/group-rules.ts";
import { describeThresholds } from "../rollout/group-thresholds.ts";
import { counted } from "../text/counted.ts";
import { listSome } from "../text/list-some.ts";
import { countAbsent } from "./count-absent.ts";
import { findBudgetWarnings } from "./plan-budgets.ts";
import { findStepWarnings } from "./find-step-warnings.ts";
import type { PlannedGroup, PlannedJob, PlannedNode } from "./planned-target.ts";

/** What will surprise the person who adds this job, each at its place in the template; nothing of it stops the job. */
export function findPlanWarnings(planned: PlannedJob): readonly ErrorDetail[] {
  return [
    ...planned.groups.flatMap((group, index) => groupWarnings(group, `/target/groups/${index}`)),
    ...severalGroupsWarning(planned),
    ...findBudgetWarnings(planned),
    ...findStepWarnings(planned),
  ];
}

function groupWarnings({ group, nodes }: PlannedGroup, pointer: string): readonly ErrorDetail[] {
  const rules = resolveGroupRules(group, nodes.length);
  if (nodes.length === 0) {
    const ending = rules.onEmpty === "fail" ? "fails" : "succeeds";
    const message = `the group has no nodes now: it ${ending} at once (onEmpty: ${rules.onEmpty})`;
    return [{ pointer, message }];
  }
  const absences = describeAbsent(rules, countAbsent(nodes));
  return [
    ...criteriaWarnings(rules, nodes.length, `${pointer}/successCriteria`),
    ...batchWarnings({ group, nodes }, `${pointer}/batchSize`),
    ...haltWarnings(rules, nodes.length, `${pointer}/haltOn`),
    ...quorumWarnings(rules, nodes, `${pointer}/minReady`),
    ...absences.map((message) => ({ pointer, message })),
  ];
}

function criteriaWarnings(
  rules: GroupRules,
  nodeCount: number,
  pointer: string,
): readonly ErrorDetail[] {
  const { failuresToLose, sentences } = describeThresholds(rules, nodeCount);
  if (failuresToLose === 0) return [{ pointer, message: `the group ${sentences.join(", ")}` }];
  if (failuresToLose !== null) return [];
  return [{ pointer, message: "the group cannot fail by its criteria, whatever its runs do" }];
}

function batchWarnings({ group, nodes }: PlannedGroup, pointer: string): readonly ErrorDetail[] {
  if (group.batchSize.type !== "number" || group.batchSize.value <= nodes.length) return [];
  const { value } = group.batchSize;
  const message = `a batch of ${value} is larger than the group of ${counted(nodes.length, "node")}: all start at once`;
  return [{ pointer, message }];
}

function haltWarnings(
  rules: GroupRules,
  nodeCount: number,
  pointer: string,
): readonly ErrorDetail[] {
  const { haltsAt } = describeThresholds(rules, nodeCount);
  return Object.entries(haltsAt).flatMap(([kind, count]) => {
    if (count <= nodeCount) return [];
    const message = `never halts the group: it takes ${count}, and the group has ${counted(nodeCount, "node")}`;
    return [{ pointer: `${pointer}/${kind}`, message }];
  });
}

function quorumWarnings(
  { minReadyCount }: GroupRules,
  nodes: readonly PlannedNode[],
  pointer: string,
): readonly ErrorDetail[] {
  const onlineCount = nodes.filter(({ isOnline }) => isOnline).length;
  if (minReadyCount > nodes.length) {
    const message = `${minReadyCount} must be online, and the group has ${nodes.length}: it fails`;
    return [{ pointer, message }];
  }
  if (onlineCount >= minReadyCount) return [];
  const message = `${minReadyCount} of ${nodes.length} must be online, ${onlineCount} are now: the group would wait`;
  return [{ pointer, message }];
}

function severalGroupsWarning({ job, groups }: PlannedJob): readonly ErrorDetail[] {
  const several = nodesInSeveralGroups(groups);
  if (several.length === 0) return [];
  const names = several.map(
    ({ node, groupNumbers }) => `${node.name} (${groupNumbers.join(", ")})`,
  );
  const order =
    job.target.executionType === "parallel" ? ", never both at the same time on one node" : "";
  const message = `${counted(several.length, "node")} in several groups: a run in each${order}: ${listSome(names)}`;
  return [{ pointer: "/target/groups", message }];
}

/** Nodes that get more than one run, with the groups that they are in. */
export function nodesInSeveralGroups(
  groups: readonly PlannedGroup[],
): readonly { readonly node: PlannedNode; readonly groupNumbers: readonly number[] }[] {
  const found = new Map<string, { node: PlannedNode; groupNumbers: number[] }>();
  for (const [groupNumber, { nodes }] of groups.entries()) {
    for (const node of nodes) {
      const known = found.get(node.id);
      if (known === undefined) found.set(node.id, { node, groupNumbers: [groupNumber] });
      else known.groupNumbers.push(groupNumber);
    }
  }
  return [...found.values()].filter(({ groupNumbers }) => groupNumbers.length > 1);
}
