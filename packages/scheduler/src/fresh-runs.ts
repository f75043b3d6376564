import { findSessions, type Db, type GroupKey, type PendingRun } from "@courier/store";
import type { ExpandedInstance } from "./expand-instance.ts";

/** Instances of more runs are read group by group. */
const runsMax = 100;

/** The runs of instances that were made in this transaction, by group: all of them are pending until their group's cursor passes. */
export class FreshRuns {
  readonly #byGroup: ReadonlyMap<string, readonly PendingRun[]>;

  private constructor(byGroup: ReadonlyMap<string, readonly PendingRun[]>) {
    this.#byGroup = byGroup;
  }

  /** Takes those of the instances that have few runs, and reads their nodes' sessions together. */
  static async of(tx: Db, instances: readonly ExpandedInstance[]): Promise<FreshRuns> {
    const small = instances.filter((instance) => runCount(instance) <= runsMax);
    const groups = small.flatMap(({ runs }) => runs);
    const nodeIds = groups.flatMap(({ runs }) => runs.map(({ nodeId }) => nodeId));
    const sessions = await findSessions(tx, nodeIds);
    const byGroup = groups.map(({ runs, ...group }): [string, PendingRun[]] => [
      keyOf(group),
      runs.map((run) => ({ ...run, nodeSessionId: sessions.get(run.nodeId) ?? null })),
    ]);
    return new FreshRuns(new Map(byGroup));
  }

  /** Pending runs of a group from a position on; undefined when they were not taken. */
  take(
    group: GroupKey,
    { fromPosition, limit }: { readonly fromPosition: number; readonly limit: number },
  ): readonly PendingRun[] | undefined {
    const runs = this.#byGroup.get(keyOf(group));
    return runs?.filter(({ position }) => position >= fromPosition).slice(0, limit);
  }
}

function runCount({ groups }: ExpandedInstance): number {
  return groups.reduce((sum, { nodeCount }) => sum + nodeCount, 0);
}

function keyOf({ instanceId, groupNumber }: GroupKey): string {
  return `${instanceId} ${groupNumber}`;
}
