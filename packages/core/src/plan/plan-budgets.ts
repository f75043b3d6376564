import type { ErrorDetail } from "../courier-error.ts";
import { admitRuns } from "../budget/budget.ts";
import { resolveGroupRules, type GroupRules } from "../rollout/group-rules.ts";
import { listBatches } from "../rollout/list-batches.ts";
import { counted } from "../text/counted.ts";
import type { PlannedBudget, PlannedGroup, PlannedJob, PlannedNode } from "./planned-target.ts";

/**
 * How many runs of each batch can be in flight at once when budgets have all their room, by the rule that admits runs; a
 * rolling group has one number, that of its window.
 */
export function countAtOnce(
  { group, nodes }: PlannedGroup,
  budgets: readonly PlannedBudget[],
): readonly number[] {
  const rules = resolveGroupRules(group, nodes.length);
  return startsOf(rules, nodes).map((start) => admittedCount(start, budgets));
}

/** What budgets mean for a group, one sentence each; the subject of all is the group. */
export function describeBudgets(
  planned: PlannedGroup,
  budgets: readonly PlannedBudget[],
): readonly string[] {
  const sentences = budgets.flatMap((budget) => {
    const covered = coveredBy(budget, planned.nodes).length;
    if (covered === 0) return [];
    return [`${counts(covered)} for budget "${budget.name}", ${limitOf(budget)}`];
  });
  if (sentences.length === 0) return [];
  const rules = resolveGroupRules(planned.group, planned.nodes.length);
  const largest = Math.max(...startsOf(rules, planned.nodes).map(({ limit }) => limit));
  const atOnce = Math.max(...countAtOnce(planned, budgets));
  if (atOnce === largest) return sentences;
  return [...sentences, `has ${counted(atOnce, "run")} in flight at most, because of budgets`];
}

/** What of budgets will surprise the person who adds this job. */
export function findBudgetWarnings({ groups, budgets }: PlannedJob): readonly ErrorDetail[] {
  return groups.flatMap((group, index) =>
    budgets.flatMap((budget) => warningsOf(group, budget, `/target/groups/${index}`)),
  );
}

function warningsOf(
  { group, nodes }: PlannedGroup,
  budget: PlannedBudget,
  pointer: string,
): readonly ErrorDetail[] {
  const covered = coveredBy(budget, nodes);
  if (covered.length === 0) return [];
  const rules = resolveGroupRules(group, nodes.length);
  return [
    ...sizeWarning(startsOf(rules, nodes), budget).map((message) => ({
      pointer: `${pointer}/batchSize`,
      message: `${message}${limitOfTime(rules)}`,
    })),
    ...[...fullWarning(budget), ...offlineWarning(rules, covered, budget)].map((message) => ({
      pointer,
      message,
    })),
  ];
}

function sizeWarning(starts: readonly Start[], budget: PlannedBudget): readonly string[] {
  const { name, maxCount } = budget;
  const largest = Math.max(
    ...starts.map(({ members, limit }) => Math.min(limit, coveredBy(budget, members).length)),
  );
  if (largest <= maxCount) return [];
  return [
    `up to ${largest} nodes of budget "${name}" would start at once, it lets ${maxCount}: the others wait for their turn`,
  ];
}

function limitOfTime({ timeoutMs }: GroupRules): string {
  return timeoutMs === 0 ? "" : `, and that counts into the group's ${timeoutMs / 1000} s`;
}

function fullWarning({ name, maxCount, underChangeCount }: PlannedBudget): readonly string[] {
  if (underChangeCount < maxCount) return [];
  const standing = `${underChangeCount} nodes are under change, at most ${maxCount} may be`;
  return [
    `budget "${name}" lets nothing start now: ${standing.replace(/^1 nodes are/, "1 node is")}`,
  ];
}

/** A run that waits for its node is dispatched, and uses its budget all the while. */
function offlineWarning(
  { offlinePolicy }: GroupRules,
  covered: readonly PlannedNode[],
  { name, maxCount }: PlannedBudget,
): readonly string[] {
  const offlineCount = covered.filter(({ isOnline }) => !isOnline).length;
  if (offlinePolicy !== "wait" || offlineCount === 0) return [];
  const share = `${Math.min(offlineCount, maxCount)} of the ${maxCount} places of budget "${name}"`;
  return [
    `${counted(offlineCount, "node")} that ${offlineCount === 1 ? "is" : "are"} offline can take ${share} while the group waits for ${offlineCount === 1 ? "it" : "them"} (offlinePolicy: wait)`,
  ];
}

function coveredBy(
  { nodeIds }: PlannedBudget,
  nodes: readonly PlannedNode[],
): readonly PlannedNode[] {
  return nodes.filter(({ id }) => nodeIds.has(id));
}

function counts(count: number): string {
  return count === 1 ? "has 1 node that counts" : `has ${count} nodes that count`;
}

function limitOf({ maxCount, nodeCount }: PlannedBudget): string {
  return `at most ${maxCount} of ${counted(nodeCount, "node")} at once`;
}

/** Runs that are started together, as many as `limit`. */
interface Start {
  readonly members: readonly PlannedNode[];
  readonly limit: number;
}

function startsOf(rules: GroupRules, nodes: readonly PlannedNode[]): readonly Start[] {
  if (rules.distributionMethod === "rolling") {
    const [limit] = rules.batchSizes;
    return nodes.length === 0 ? [] : [{ members: nodes, limit: Math.min(limit, nodes.length) }];
  }
  return listBatches(rules, nodes.length).map(({ from, count }) => ({
    members: nodes.slice(from, from + count),
    limit: count,
  }));
}

function admittedCount({ members, limit }: Start, budgets: readonly PlannedBudget[]): number {
  const runs = members.map(({ id }) => ({ nodeId: id }));
  const noNodes: ReadonlySet<string> = new Set();
  const standings = new Map(
    budgets.map(({ maxCount }, index) => [index, { maxCount, nodeIds: noNodes }]),
  );
  const budgetsOf = (nodeId: string): readonly number[] =>
    budgets.flatMap(({ nodeIds }, index) => (nodeIds.has(nodeId) ? [index] : []));
  return admitRuns(runs, { limit, budgetsOf, standings }).admitted.length;
}
