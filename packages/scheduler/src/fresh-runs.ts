import { selectPendingRunsOf, type Db, type GroupKey, type LockedInstance } from "@courier/store";

type PendingRun = Awaited<ReturnType<typeof selectPendingRunsOf>>[number];

/** Instances of more runs are read group by group. */
const runsMax = 100;

/** The runs of instances that were made in this transaction, read together: all of them are pending until their group's cursor passes. */
export class FreshRuns {
  readonly #instances: ReadonlySet<string>;
  readonly #byGroup = new Map<string, PendingRun[]>();

  private constructor(instances: ReadonlySet<string>, runs: readonly PendingRun[]) {
    this.#instances = instances;
    for (const run of runs) {
      const key = keyOf(run);
      this.#byGroup.set(key, [...(this.#byGroup.get(key) ?? []), run]);
    }
  }

  /** Reads those of the instances that have few runs. */
  static async read(tx: Db, instances: readonly LockedInstance[]): Promise<FreshRuns> {
    const small = instances
      .filter(({ groups }) => groups.reduce((sum, { nodeCount }) => sum + nodeCount, 0) <= runsMax)
      .map(({ instance }) => instance.id);
    const runs = small.length === 0 ? [] : await selectPendingRunsOf(tx, small);
    return new FreshRuns(new Set(small), runs);
  }

  /** Pending runs of a group from a position on; undefined when they were not read. */
  take(
    group: GroupKey,
    { fromPosition, limit }: { readonly fromPosition: number; readonly limit: number },
  ): readonly PendingRun[] | undefined {
    if (!this.#instances.has(group.instanceId)) return undefined;
    const runs = this.#byGroup.get(keyOf(group)) ?? [];
    return runs.filter(({ position }) => position >= fromPosition).slice(0, limit);
  }
}

function keyOf({ instanceId, groupNumber }: GroupKey): string {
  return `${instanceId} ${groupNumber}`;
}
