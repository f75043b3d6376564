import {
  listOpenInstanceIds,
  listStranded,
  listUnaccepted,
  markSent,
  type Database,
  type UnacceptedRun,
} from "@courier/store";
import { Effects } from "./effects.ts";
import { endInFlight } from "./end-in-flight.ts";
import { lostAfterMs, redeliverAfterMs, rescueBatch } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** What one pass sent again, and where the next one goes on; undefined: at the beginning. */
export interface Redelivery {
  readonly effects: Effects;
  readonly next: UnacceptedRun | undefined;
}

/**
 * Assignments that may have been lost on their way to a node that is online: sent again, the node executes them once.
 * A bounded part a pass, each after the one before: what waits in the queue of a busy node looks lost too, and must not
 * keep back what is.
 */
export async function redeliver(
  db: Database,
  context: { readonly now: number; readonly after: UnacceptedRun | undefined },
): Promise<Redelivery> {
  const { now, after } = context;
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const unaccepted = await listUnaccepted(tx, {
      dispatchedBefore: now - redeliverAfterMs,
      limit: rescueBatch,
      ...(after === undefined ? {} : { after }),
    });
    for (const run of unaccepted) effects.dispatched.push(run);
    const ids = unaccepted.map((run) => run.id);
    await markSent(tx, ids);
    return { effects, next: unaccepted.length < rescueBatch ? undefined : unaccepted.at(-1) };
  });
}

/** Runs whose node went away while executing them and stayed away: what became of them cannot be known. */
export async function abandonStranded(
  db: Database,
  context: { readonly now: number; readonly presenceSettledAt: number },
): Promise<Effects> {
  return db.transaction(async (tx) => {
    const turn: Turn = { tx, effects: new Effects(), ...context };
    const stranded = await listStranded(tx, {
      offlineBefore: context.now - lostAfterMs,
      limit: rescueBatch,
    });
    const touched = await endInFlight(turn, {
      ids: stranded.map((run) => run.id),
      status: "unknown",
      reason: `the node was executing this run and has not been seen for ${lostAfterMs / 60_000} minutes`,
    });
    for (const id of touched) turn.effects.again.add(id);
    return turn.effects;
  });
}

/** Every instance that has not ended, for a look at each: makes good any wake-up that was lost. */
export async function listForSweep(db: Database): Promise<string[]> {
  return listOpenInstanceIds(db);
}
