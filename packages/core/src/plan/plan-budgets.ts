import type { ErrorDetail } from "../courier-error.ts";
import { admitRuns } from "../budget/budget.ts";
import type { AbsentCounts } from "../rollout/describe-group.ts";
import { resolveGroupRules, type GroupRules } from "../rollout/group-rules.ts";
import { listBatches } from "../rollout/list-batches.ts";
import { counted } from "../text/counted.ts";
import { countAbsent } from "./count-absent.ts";
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
    ...[...fullWarning(budget), ...absenceWarning(rules, covered, budget)].map((message) => ({
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
function absenceWarning(
  { offlinePolicy }: GroupRules,
  covered: readonly PlannedNode[],
  { name, maxCount }: PlannedBudget,
): readonly string[] {
  const absent = countAbsent(covered);
  const absentCount = absent.offlineCount + absent.unapprovedCount;
  if (offlinePolicy !== "wait" || absentCount === 0) return [];
  const share = `${Math.min(absentCount, maxCount)} of the ${maxCount} places of budget "${name}"`;
  const them = absentCount === 1 ? "it" : "them";
  return [
    `${counted(absentCount, "node")} that ${absenceOf(absent)} can take ${share} while the group waits for ${them} (offlinePolicy: wait)`,
  ];
}

function absenceOf({ offlineCount, unapprovedCount }: AbsentCounts): string {
  const isOne = offlineCount + unapprovedCount === 1;
  return [
    ...(offlineCount === 0 ? [] : [isOne ? "is offline" : "are offline"]),
    ...(unapprovedCount === 0 ? [] : [isOne ? "waits for approval" : "wait for approval"]),
  ].join(" or ");
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
