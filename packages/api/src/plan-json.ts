import {
  describeGroup,
  describeThresholds,
  listBatches,
  nodesInSeveralGroups,
  resolveGroupRules,
  type Batch,
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
  const { job, groups } = planned;
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
    groups: groups.map(groupJson),
    nodesInSeveralGroups: several.map(({ node, groupNumbers }) => ({
      nodeId: node.id,
      name: node.name,
      groupNumbers: [...groupNumbers],
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

function groupJson({ group, nodes }: PlannedGroup, groupNumber: number): PlanGroup {
  const rules = resolveGroupRules(group, nodes.length);
  const isRolling = rules.distributionMethod === "rolling";
  const batches = isRolling ? [] : listBatches(rules, nodes.length);
  const { sentences: _, nodeCount, ...thresholds } = describeThresholds(rules, nodes.length);
  return {
    groupNumber,
    nodeListType: group.nodeListType,
    nodeCount,
    onlineCount: nodes.filter(({ isOnline }) => isOnline).length,
    distributionMethod: rules.distributionMethod,
    windowSize: isRolling ? rules.batchSizes[0] : null,
    batches: batches.map(({ from, count }, index) => ({
      batchNumber: index + 1,
      nodeCount: count,
      onlineCount: nodes.slice(from, from + count).filter(({ isOnline }) => isOnline).length,
    })),
    thresholds,
    meaning: [...describeGroup(rules, nodes.length)],
    nodes: nodesJson(nodes, batches),
  };
}

function nodesJson(nodes: PlannedGroup["nodes"], batches: readonly Batch[]): PlanGroup["nodes"] {
  const batchNumbers = batches.flatMap(({ count }, index) =>
    Array.from({ length: count }, () => index + 1),
  );
  return nodes.map(({ id, name, isOnline }, position) => ({
    nodeId: id,
    name,
    position,
    batchNumber: batchNumbers[position] ?? null,
    healthStatus: isOnline ? "online" : "offline",
  }));
}
