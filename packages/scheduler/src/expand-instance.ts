import { noRuns } from "@courier/core";
import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import {
  insertInstance,
  insertRuns,
  resolveTargets,
  takePlannedTargets,
  type Db,
  type GroupRow,
  type InstanceRow,
  type JobRow,
} from "@courier/store";

/** What an expansion is told from outside. */
export interface Expansion {
  readonly job: JobRow;
  /** The occurrence of the schedule that fires (Unix ms); unique per job. */
  readonly nominalAt: number;
  readonly now: number;
  readonly newId: () => string;
  /** The id that was promised for the instance; absent: a new one. */
  readonly instanceId?: string;
  /** Id of the token that asked for it; absent: the one that added the job. */
  readonly startedBy?: string;
}

/**
 * Inserts the instance of one occurrence with its groups and all their runs; targets are resolved here, once, but for an
 * immediate job that was added with a plan: it fires for the nodes of its plan.
 * Returns the instance's id, or null when this occurrence has fired already.
 */
export async function expandInstance(tx: Db, expansion: Expansion): Promise<string | null> {
  // The column holds the canonical form of a template that was validated when the job was added.
  const template = JSON.parse(expansion.job.template) as CanonicalJob;
  const instance = instanceRow(expansion, template);
  const targets = await targetsOf(tx, expansion, template);
  const groups = template.target.groups.map((group, index) => ({
    group,
    nodeIds: targets[index] ?? [],
  }));
  const wasInserted = await insertExpanded(tx, { instance, groups, newId: expansion.newId });
  return wasInserted ? instance.id : null;
}

/** A start that a person asked for later is not what was planned. */
async function targetsOf(
  tx: Db,
  { job, startedBy }: Expansion,
  template: CanonicalJob,
): Promise<string[][]> {
  const isPlannable = template.scheduleRule.trim() === "immediate" && startedBy === undefined;
  const planned = isPlannable ? await takePlannedTargets(tx, job.id) : undefined;
  return planned ?? (await resolveTargets(tx, template.target.groups));
}

/** A group with the nodes that it stands for. */
export interface ResolvedGroup {
  readonly group: CanonicalGroup;
  readonly nodeIds: readonly string[];
}

/** Inserts an instance with its groups and all their runs; false, and nothing stored, when its occurrence has fired already. */
export async function insertExpanded(
  tx: Db,
  expanded: {
    readonly instance: InstanceRow;
    readonly groups: readonly ResolvedGroup[];
    readonly newId: () => string;
  },
): Promise<boolean> {
  const { instance, groups, newId } = expanded;
  const wasInserted = await insertInstance(tx, {
    instance,
    groups: groups.map((group, groupNumber) => groupRow(instance.id, groupNumber, group)),
  });
  if (!wasInserted) return false;
  for (const [groupNumber, group] of groups.entries()) {
    await insertRuns(tx, {
      instanceId: instance.id,
      groupNumber,
      createdAt: instance.createdAt,
      runs: group.nodeIds.map((nodeId, position) => ({ id: newId(), nodeId, position })),
    });
  }
  return true;
}

function instanceRow(expansion: Expansion, template: CanonicalJob): InstanceRow {
  return {
    id: expansion.instanceId ?? expansion.newId(),
    jobId: expansion.job.id,
    nominalAt: expansion.nominalAt,
    status: "pending",
    reason: "",
    executionType: template.target.executionType,
    actionSpec: JSON.stringify(template.actions),
    targetSpec: JSON.stringify(template.target),
    jobName: template.name,
    createdAt: expansion.now,
    updatedAt: expansion.now,
    startedAt: null,
    finishedAt: null,
    lastUpdatedBy: expansion.startedBy ?? expansion.job.createdBy,
    cancelRequestedAt: null,
    originInstanceId: null,
    pausedAt: null,
    fromStep: null,
  };
}

function groupRow(instanceId: string, groupNumber: number, resolved: ResolvedGroup): GroupRow {
  // The rules without the targets: what is read at every turn must not grow with the fleet.
  const { nodeIdentifiers: _nodeIdentifiers, ...rules } = resolved.group;
  return {
    instanceId,
    groupNumber,
    status: "pending",
    reason: "",
    nodeCount: resolved.nodeIds.length,
    spec: JSON.stringify(rules),
    cursor: 0,
    batchEnd: 0,
    haltReason: "",
    startedAt: null,
    deadlineAt: null,
    soakUntil: null,
    finishedAt: null,
    counts: noRuns,
  };
}
