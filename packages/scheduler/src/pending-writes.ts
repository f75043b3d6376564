import { assert, isInstanceFinal } from "@courier/core";
import {
  addToCounts,
  dispatchRuns,
  moveInstances,
  updateGroups,
  type CountsDelta,
  type Db,
  type GroupUpdate,
  type InstanceMove,
  type InstanceRow,
} from "@courier/store";
import type { DispatchedRun, Effects } from "./effects.ts";
import { insertExpanded, type ExpandedInstance } from "./expand-instance.ts";
import { FreshInstance } from "./fresh-instance.ts";

/** Occurrences of instances to insert have fired already. */
export class FiredAlready extends Error {
  readonly instances: readonly InstanceRow[];

  constructor(instances: readonly InstanceRow[]) {
    super("occurrences have fired already");
    this.instances = instances;
  }
}

/**
 * What many instances of one transaction change, written in few statements: a burst of jobs pays for rows, not for
 * statements. Instances that the transaction makes are written once, as they are in the end.
 */
export class PendingWrites {
  readonly #fresh = new Map<string, FreshInstance>();
  readonly #counts: CountsDelta[] = [];
  readonly #groups: GroupUpdate[] = [];
  readonly #moves = new Map<string, InstanceMove>();
  readonly #dispatches = new Map<string, Omit<DispatchedRun, "token">>();

  /** Takes instances to insert. */
  insert(instances: readonly ExpandedInstance[]): void {
    for (const expanded of instances) {
      this.#fresh.set(expanded.instance.id, new FreshInstance(expanded));
    }
  }

  /** Adds to a group's counters. */
  count(delta: CountsDelta): void {
    const fresh = this.#fresh.get(delta.instanceId);
    if (fresh === undefined) this.#counts.push(delta);
    else fresh.count(delta);
  }

  /** Changes a group. */
  changeGroup(update: GroupUpdate): void {
    const fresh = this.#fresh.get(update.instanceId);
    if (fresh === undefined) this.#groups.push(update);
    else fresh.changeGroup(update);
  }

  /** Of several moves of an instance a final one stays; before that a later one takes what an earlier one set. */
  move(move: InstanceMove): void {
    const fresh = this.#fresh.get(move.id);
    if (fresh !== undefined) {
      fresh.move(move);
      return;
    }
    const known = this.#moves.get(move.id);
    if (known !== undefined && isInstanceFinal(known.status)) return;
    const startedAt = move.startedAt ?? known?.startedAt ?? null;
    this.#moves.set(move.id, { ...move, startedAt, from: known?.from ?? move.from });
  }

  /** Claims a pending run for its node. */
  dispatch(run: Omit<DispatchedRun, "token">): void {
    const fresh = this.#fresh.get(run.instanceId);
    if (fresh === undefined) this.#dispatches.set(run.id, run);
    else fresh.dispatch(run);
  }

  /** Writes everything; call it once, at the end. */
  async flush({ tx, now, effects }: FlushContext): Promise<void> {
    await this.insertFresh({ tx, effects });
    await this.flushDispatches({ tx, now, effects });
    await addToCounts(tx, this.#counts);
    const updated = await updateGroups(tx, this.#groups);
    assert(updated === this.#groups.length, "locked groups changed under their locks");
    await moveInstances(tx, { moves: [...this.#moves.values()], now });
  }

  /**
   * Inserts what is to be inserted, as it is now: before a statement looks for it. What is decided afterwards is written
   * as for any other instance. Throws FiredAlready when the transaction must not commit.
   */
  async insertFresh({ tx, effects }: Omit<FlushContext, "now">): Promise<void> {
    if (this.#fresh.size === 0) return;
    const fresh = [...this.#fresh.values()];
    this.#fresh.clear();
    const expanded = fresh.map((instance) => instance.expanded);
    const inserted = await insertExpanded(tx, expanded);
    const instances = expanded.map(({ instance }) => instance);
    const others = instances.filter(({ id }) => !inserted.has(id));
    if (others.length > 0) throw new FiredAlready(others);
    for (const { dispatched } of fresh) effects.dispatched.push(...dispatched);
  }

  /** Claims what was dispatched so far: before anything looks for pending runs among those. */
  async flushDispatches({ tx, now, effects }: FlushContext): Promise<void> {
    if (this.#dispatches.size === 0) return;
    const dispatched = await dispatchRuns(tx, { ids: [...this.#dispatches.keys()], now });
    assert(dispatched.length === this.#dispatches.size, "pending runs changed under their lock");
    for (const { id, token } of dispatched) {
      const run = this.#dispatches.get(id);
      if (run !== undefined) effects.dispatched.push({ ...run, token });
    }
    this.#dispatches.clear();
  }
}

interface FlushContext {
  readonly tx: Db;
  readonly now: number;
  readonly effects: Effects;
}
