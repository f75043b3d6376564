import { addCounts, assert } from "@courier/core";
import {
  firstToken,
  type CountsDelta,
  type GroupRow,
  type GroupUpdate,
  type InstanceMove,
  type InstanceRow,
} from "@courier/store";
import type { DispatchedRun } from "./effects.ts";
import type { ExpandedInstance } from "./expand-instance.ts";

/** An instance that its transaction has made and not inserted yet: what is decided about it changes it here, so that it is written once. */
export class FreshInstance {
  #instance: InstanceRow;
  readonly #groups: GroupRow[];
  readonly #runs: ExpandedInstance["runs"];
  readonly #dispatched = new Map<string, DispatchedRun>();

  constructor({ instance, groups, runs }: ExpandedInstance) {
    this.#instance = instance;
    this.#groups = [...groups];
    this.#runs = runs;
  }

  /** As `moveInstances` would. */
  move({ from, status, startedAt, finishedAt }: InstanceMove): void {
    const before = this.#instance;
    if (!from.includes(before.status)) return;
    this.#instance = {
      ...{ ...before, status },
      startedAt: startedAt ?? before.startedAt,
      finishedAt: finishedAt ?? before.finishedAt,
    };
  }

  /** As `updateGroups` would. */
  changeGroup({ groupNumber, set }: GroupUpdate): void {
    this.#setGroup(groupNumber, (group) => ({ ...group, ...set }));
  }

  /** As `addToCounts` would. */
  count({ groupNumber, counts }: CountsDelta): void {
    this.#setGroup(groupNumber, (group) => ({ ...group, counts: addCounts(group.counts, counts) }));
  }

  /** As `dispatchRuns` would. */
  dispatch(run: Omit<DispatchedRun, "token">): void {
    this.#dispatched.set(run.id, { ...run, token: firstToken });
  }

  /** Its runs that were claimed for their nodes. */
  get dispatched(): Iterable<DispatchedRun> {
    return this.#dispatched.values();
  }

  /** What to insert. */
  get expanded(): ExpandedInstance {
    const runs = this.#runs.map((group) => ({
      ...group,
      runs: group.runs.map((run) => ({ ...run, isDispatched: this.#dispatched.has(run.id) })),
    }));
    return { instance: this.#instance, groups: this.#groups, runs };
  }

  #setGroup(groupNumber: number, change: (group: GroupRow) => GroupRow): void {
    const group = this.#groups[groupNumber];
    assert(group !== undefined, `instance ${this.#instance.id} has a group ${groupNumber}`);
    this.#groups[groupNumber] = change(group);
  }
}
