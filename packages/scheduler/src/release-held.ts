import {
  dropEndedHolders,
  listHeldInstanceIds,
  type Database,
  type LockedInstance,
} from "@courier/store";
import { heldInstancesPerTurn, rescueBatch } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** Instances whose runs may find room in a disruption budget now, because runs that used one have ended. */
export async function listReleased({ tx, effects }: Turn): Promise<string[]> {
  const ids = await listHeldInstanceIds(tx, { limit: heldInstancesPerTurn });
  if (ids.length === 0) return [];
  const droppedCount = await dropEndedHolders(tx);
  return effects.haveBudgetsFreed || droppedCount > 0 ? ids : [];
}

/** Instances whose runs wait for a disruption budget: one may have changed, or another process may have given one back. */
export async function listHeld(db: Database): Promise<string[]> {
  return await listHeldInstanceIds(db, { limit: rescueBatch });
}

/** Instances in the order in which they may use a disruption budget: who waits longest comes first. */
export function byWait(instances: readonly LockedInstance[]): readonly LockedInstance[] {
  return instances.toSorted((left, right) => heldSince(left) - heldSince(right));
}

function heldSince({ groups }: LockedInstance): number {
  const times = groups.flatMap(({ heldAt }) => heldAt ?? []);
  return Math.min(Number.MAX_SAFE_INTEGER, ...times);
}
