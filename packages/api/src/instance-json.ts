import { batchAt, pendingCount, resolveGroupRules, type GroupSpec } from "@courier/core";
import type {
  ActionSpec,
  Instance,
  InstanceDetail,
  InstanceGroup,
  TargetSpec,
} from "@courier/schema";
import type { GroupRow, InstanceRow } from "@courier/store";
import { rfc3339, rfc3339OrNull } from "./rfc3339.ts";

/** The parts of an instance that never change. */
export interface InstanceSpecs {
  readonly actionSpec: ActionSpec;
  readonly targetSpec: TargetSpec;
}

/** Reads the stored specs; of a large instance they are most of its size, so a stream reads them once. */
export function instanceSpecs(row: InstanceRow): InstanceSpecs {
  return {
    // The columns hold parts of a canonical job, and nothing else writes them.
    actionSpec: JSON.parse(row.actionSpec) as ActionSpec,
    targetSpec: JSON.parse(row.targetSpec) as TargetSpec,
  };
}

/** An instance as list-all shows it: the keys of the original, and the job's name. */
export function instanceItem(row: InstanceRow, specs: InstanceSpecs): Instance {
  return {
    actionSpec: specs.actionSpec,
    createdAt: rfc3339(row.createdAt),
    id: row.id,
    jobId: row.jobId,
    ...(row.jobName === "" ? {} : { jobName: row.jobName }),
    lastUpdatedBy: row.lastUpdatedBy,
    status: row.status,
    targetSpec: specs.targetSpec,
    updatedAt: rfc3339(row.updatedAt),
  };
}

/** An instance as get-instance and its event stream show it: with its groups and why it stands where it stands. */
export function instanceDetail(
  row: InstanceRow,
  specs: InstanceSpecs,
  parts: { readonly groups: readonly GroupRow[]; readonly rerunInstanceIds: readonly string[] },
): InstanceDetail {
  return {
    ...instanceItem(row, specs),
    reason: row.reason,
    startedAt: rfc3339OrNull(row.startedAt),
    finishedAt: rfc3339OrNull(row.finishedAt),
    originInstanceId: row.originInstanceId,
    fromStep: row.fromStep,
    pausedAt: rfc3339OrNull(row.pausedAt),
    rerunInstanceIds: [...parts.rerunInstanceIds],
    groups: parts.groups.map(groupItem),
  };
}

/** A group as every answer shows it. */
export function groupItem(group: GroupRow): InstanceGroup {
  const { inFlight, ...ended } = group.counts;
  return {
    groupNumber: group.groupNumber,
    status: group.status,
    reason: group.reason,
    nodeCount: group.nodeCount,
    startedAt: rfc3339OrNull(group.startedAt),
    finishedAt: rfc3339OrNull(group.finishedAt),
    batchNumber: batchNumber(group),
    soakUntil: rfc3339OrNull(group.soakUntil),
    heldAt: rfc3339OrNull(group.heldAt),
    haltCause: group.haltReason === "" ? null : group.haltReason,
    counts: {
      ...ended,
      dispatched: inFlight,
      pending: pendingCount(group.counts, group.nodeCount),
    },
  };
}

function batchNumber({ spec, batchEnd, nodeCount }: GroupRow): number | null {
  if (batchEnd === 0) return null;
  // The column holds the rules of a canonical group, and nothing else writes it.
  const rules = resolveGroupRules(JSON.parse(spec) as GroupSpec, nodeCount);
  if (rules.distributionMethod === "rolling") return null;
  return batchAt(rules.batchSizes, { position: batchEnd - 1, nodeCount }).number;
}
