import {
  countAtOnce,
  describeBudgets,
  describeGroup,
  describeThresholds,
  listBatches,
  nodesInSeveralGroups,
  resolveGroupRules,
  type Batch,
  type PlannedBudget,
  type PlannedGroup,
  type PlannedJob,
  type RunTimeEstimate,
} from "@courier/core";
import type { PlanGroup, PlanResponse } from "@courier/schema";
import { rfc3339 } from "./rfc3339.ts";

type PlanItem = PlanResponse["item"];

/** A planned job as the API shows it, but for its hash and warnings. */
export function planItem(
  planned: PlannedJob,
  at: { readonly now: number; readonly estimate: RunTimeEstimate },
): Omit<PlanItem, "hash" | "warnings"> {
  const { job, groups, budgets } = planned;
  const runCount = groups.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const several = nodesInSeveralGroups(groups);
  const repeated = several.reduce((sum, { groupNumbers }) => sum + groupNumbers.length - 1, 0);
  return {
    plannedAt: rfc3339(at.now),
    name: job.name,
    scheduleRule: job.scheduleRule,
    executionType: job.target.executionType,
    nodeCount: runCount - repeated,
    runCount,
    groups: groups.map((group, groupNumber) => groupJson(group, groupNumber, budgets)),
    nodesInSeveralGroups: several.map(({ node, groupNumbers }) => ({
      nodeId: node.id,
      name: node.name,
      groupNumbers: [...groupNumbers],
    })),
    budgets: budgets.map(({ id, nodeIds, ...budget }) => ({
      ...{ budgetId: id, ...budget },
      plannedNodeCount: nodeIds.size,
    })),
    schedule: scheduleJson(at.estimate),
  };
}

/** As `estimate-run-times` says it. */
function scheduleJson({ times, blocked, notes }: RunTimeEstimate): PlanItem["schedule"] {
  return {
    estimates: times.map(rfc3339),
    blocked_by_exceptions: blocked.map(({ at, label, windowEndsAt }) => ({
      time: rfc3339(at),
      reason: `${label} until ${rfc3339(windowEndsAt)}`,
    })),
    notes: [...notes],
  };
}

function groupJson(
  planned: PlannedGroup,
  groupNumber: number,
  budgets: readonly PlannedBudget[],
): PlanGroup {
  const { group, nodes } = planned;
  const rules = resolveGroupRules(group, nodes.length);
  const isRolling = rules.distributionMethod === "rolling";
  const batches = isRolling ? [] : listBatches(rules, nodes.length);
  const atOnce = countAtOnce(planned, budgets);
  const { sentences: _, nodeCount, ...thresholds } = describeThresholds(rules, nodes.length);
  return {
    groupNumber,
    nodeListType: group.nodeListType,
    nodeCount,
    onlineCount: nodes.filter(({ isOnline }) => isOnline).length,
    distributionMethod: rules.distributionMethod,
    windowSize: isRolling ? rules.batchSizes[0] : null,
    atOnceCount: Math.max(0, ...atOnce),
    batches: batches.map(({ from, count }, index) => ({
      batchNumber: index + 1,
      nodeCount: count,
      atOnceCount: atOnce[index] ?? count,
      onlineCount: nodes.slice(from, from + count).filter(({ isOnline }) => isOnline).length,
    })),
    thresholds,
    meaning: [...describeGroup(rules, nodes.length), ...describeBudgets(planned, budgets)],
    nodes: nodesJson(nodes, { batches, budgets }),
  };
}

function nodesJson(
  nodes: PlannedGroup["nodes"],
  of: { readonly batches: readonly Batch[]; readonly budgets: readonly PlannedBudget[] },
): PlanGroup["nodes"] {
  const { batches, budgets } = of;
  const batchNumbers = batches.flatMap(({ count }, index) =>
    Array.from({ length: count }, () => index + 1),
  );
  return nodes.map(({ id, name, isOnline, isUnapproved }, position) => ({
    nodeId: id,
    name,
    position,
    batchNumber: batchNumbers[position] ?? null,
    budgetIds: budgets.flatMap((budget) => (budget.nodeIds.has(id) ? [budget.id] : [])),
    enrollmentLevel: isUnapproved ? "admitted" : "enrolled",
    healthStatus: isOnline ? "online" : "offline",
  }));
}
