import { noRuns, type RunOutcome, type RunStatus } from "@courier/core";
import { addToCounts, endRuns, type CountsDelta } from "@courier/store";
import type { CountDeltas } from "./group-draft.ts";
import type { Turn } from "./turn.ts";

/** A run that changed its status, as far as counters care. */
export interface CountedTransition {
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly previous: RunStatus;
  readonly status: RunStatus;
}

/** Ends runs in flight without their node's word, keeps the counters true, and returns the instances concerned. */
export async function endInFlight(
  turn: Turn,
  runs: { readonly ids: readonly string[]; readonly status: RunOutcome; readonly reason: string },
): Promise<string[]> {
  if (runs.ids.length === 0) return [];
  const ended = await endRuns(turn.tx, {
    ...runs,
    now: turn.now,
    from: ["dispatched", "running"],
  });
  for (const run of ended) turn.effects.moved(run.instanceId, run.id);
  return countTransitions(
    turn,
    ended.map((run) => ({ ...run, status: runs.status })),
  );
}

/** Adds the transitions to their groups' counters in one statement a group; returns the instances concerned. */
export async function countTransitions(
  turn: Turn,
  transitions: readonly CountedTransition[],
): Promise<string[]> {
  const byGroup = new Map<string, CountsDelta & { counts: CountDeltas }>();
  for (const transition of transitions) {
    if (counterOf(transition.previous) === counterOf(transition.status)) continue;
    const delta = groupDelta(byGroup, transition);
    addTo(delta.counts, transition.previous, -1);
    addTo(delta.counts, transition.status, 1);
    turn.effects.countOutcome(transition.status, 1);
  }
  const deltas = [...byGroup.values()].toSorted(byInstanceAndGroup);
  if (deltas.length > 0) await addToCounts(turn.tx, deltas);
  return [...new Set(transitions.map((transition) => transition.instanceId))];
}

function groupDelta(
  byGroup: Map<string, CountsDelta & { counts: CountDeltas }>,
  { instanceId, groupNumber }: CountedTransition,
): { counts: CountDeltas } {
  const key = `${instanceId}/${groupNumber}`;
  const known = byGroup.get(key);
  if (known !== undefined) return known;
  const fresh = { instanceId, groupNumber, counts: { ...noRuns } };
  byGroup.set(key, fresh);
  return fresh;
}

function counterOf(status: RunStatus): keyof CountDeltas | null {
  if (status === "pending") return null;
  return status === "dispatched" || status === "running" ? "inFlight" : status;
}

function addTo(counts: CountDeltas, status: RunStatus, delta: number): void {
  const counter = counterOf(status);
  if (counter !== null) counts[counter] += delta;
}

/** One lock order for all replicas. */
function byInstanceAndGroup(a: CountsDelta, b: CountsDelta): number {
  if (a.instanceId !== b.instanceId) return a.instanceId < b.instanceId ? -1 : 1;
  return a.groupNumber - b.groupNumber;
}
