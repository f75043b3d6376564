import { noRuns } from "@courier/core";
import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import {
  insertInstances,
  insertRunsOfGroups,
  resolveTargetsOfAll,
  takePlannedTargets,
  type Db,
  type GroupRow,
  type InsertRuns,
  type InstanceRow,
  type JobRow,
  type NewInstance,
} from "@courier/store";
import { templateOf } from "./template-of.ts";

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

/** An instance that can be inserted, with its groups and all their runs. */
export interface ExpandedInstance extends NewInstance {
  readonly runs: readonly InsertRuns[];
}

/** Inserts the expansion of one occurrence; returns the instance's id, or null when this occurrence has fired already. */
export async function expandInstance(tx: Db, expansion: Expansion): Promise<string | null> {
  const expanded = await expandInstances(tx, [expansion]);
  const [id = null] = await insertExpanded(tx, expanded);
  return id;
}

/**
 * Makes the instances of occurrences with their groups and all their runs, and inserts nothing; targets are resolved here,
 * once, but for an immediate job that was added with a plan: it fires for the nodes of its plan.
 */
export async function expandInstances(
  tx: Db,
  expansions: readonly Expansion[],
): Promise<ExpandedInstance[]> {
  if (expansions.length === 0) return [];
  const templates = expansions.map(({ job }) => templateOf(job));
  const planned = await plannedTargets(tx, expansions, templates);
  const resolved = await resolveTargetsOfAll(
    tx,
    templates.map(({ target }, index) => (planned.has(index) ? [] : target.groups)),
  );
  const targets = resolved.map((nodeIds, index) => planned.get(index) ?? nodeIds);
  return expansions.map((expansion, index) => {
    const template = templates[index] ?? templateOf(expansion.job);
    const groups = template.target.groups.map((group, groupNumber) => ({
      group,
      nodeIds: targets[index]?.[groupNumber] ?? [],
    }));
    return expandedOf(instanceRow(expansion, template), groups, expansion.newId);
  });
}

/** By position; a start that a person asked for later is not what was planned. */
async function plannedTargets(
  tx: Db,
  expansions: readonly Expansion[],
  templates: readonly CanonicalJob[],
): Promise<ReadonlyMap<number, string[][]>> {
  const jobIdAt = (index: number): string | undefined => {
    const isImmediate = templates[index]?.scheduleRule.trim() === "immediate";
    const expansion = expansions[index];
    return isImmediate && expansion?.startedBy === undefined ? expansion?.job.id : undefined;
  };
  const jobIds = expansions.flatMap((_, index) => jobIdAt(index) ?? []);
  const taken = await takePlannedTargets(tx, jobIds);
  const planned = new Map<number, string[][]>();
  for (const index of expansions.keys()) {
    const targets = taken.get(jobIdAt(index) ?? "");
    if (targets !== undefined) planned.set(index, targets);
  }
  return planned;
}

/** A group with the nodes that it stands for. */
export interface ResolvedGroup {
  readonly group: CanonicalGroup;
  readonly nodeIds: readonly string[];
}

/** An instance with its groups and all their runs. */
export function expandedOf(
  instance: InstanceRow,
  groups: readonly ResolvedGroup[],
  newId: () => string,
): ExpandedInstance {
  const { id: instanceId, createdAt } = instance;
  return {
    instance,
    groups: groups.map((group, groupNumber) => groupRow(instanceId, groupNumber, group)),
    runs: groups.map(({ nodeIds }, groupNumber) => ({
      ...{ instanceId, groupNumber, createdAt },
      runs: nodeIds.map((nodeId, position) => ({ id: newId(), nodeId, position })),
    })),
  };
}

/** Inserts instances; returns the ids of those that were: the others' occurrences have fired already, nothing of them is stored. */
export async function insertExpanded(
  tx: Db,
  all: readonly ExpandedInstance[],
): Promise<ReadonlySet<string>> {
  const inserted = await insertInstances(tx, all);
  const added = all.filter(({ instance }) => inserted.has(instance.id));
  await insertRunsOfGroups(
    tx,
    added.flatMap(({ runs }) => runs),
  );
  return inserted;
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
    heldAt: null,
    finishedAt: null,
    counts: noRuns,
  };
}
