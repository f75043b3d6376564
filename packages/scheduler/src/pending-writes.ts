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
} from "@courier/store";
import type { DispatchedRun, Effects } from "./effects.ts";

/** What many instances of one transaction change, written in three statements: a burst of jobs pays for rows, not for statements. */
export class PendingWrites {
  readonly counts: CountsDelta[] = [];
  readonly groups: GroupUpdate[] = [];
  readonly #moves = new Map<string, InstanceMove>();
  readonly #dispatches = new Map<string, Omit<DispatchedRun, "token">>();

  /** Of several moves of an instance a final one stays; before that a later one takes what an earlier one set. */
  move(move: InstanceMove): void {
    const known = this.#moves.get(move.id);
    if (known !== undefined && isInstanceFinal(known.status)) return;
    const startedAt = move.startedAt ?? known?.startedAt ?? null;
    this.#moves.set(move.id, { ...move, startedAt, from: known?.from ?? move.from });
  }

  /** Claims a pending run for its node. */
  dispatch(run: Omit<DispatchedRun, "token">): void {
    this.#dispatches.set(run.id, run);
  }

  /** Writes everything; call it once, at the end. */
  async flush({ tx, now, effects }: FlushContext): Promise<void> {
    await this.flushDispatches({ tx, now, effects });
    await addToCounts(tx, this.counts);
    const updated = await updateGroups(tx, this.groups);
    assert(updated === this.groups.length, "locked groups changed under their locks");
    await moveInstances(tx, { moves: [...this.#moves.values()], now });
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
