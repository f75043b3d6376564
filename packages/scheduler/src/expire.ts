import {
  listExpiredStops,
  listGroupsPastDeadline,
  listSoakedGroups,
  type Database,
} from "@courier/store";
import { Effects } from "./effects.ts";
import { endInFlight } from "./end-in-flight.ts";
import { rescueBatch } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** Instances with a group whose time is up, or whose wait after a batch is over. */
export async function listOverdue(db: Database, now: number): Promise<string[]> {
  const overdue = await listGroupsPastDeadline(db, { now, limit: rescueBatch });
  const soaked = await listSoakedGroups(db, { now, limit: rescueBatch });
  return [...new Set([...overdue, ...soaked].map((group) => group.instanceId))];
}

/**
 * Ends runs whose nodes have not confirmed a stop in time, so that no cancel and no timeout waits for ever.
 * After a timeout the verdict is `timeout`; after a cancel it is `unknown`, because nobody has seen the run end.
 */
export async function endUnconfirmed(
  db: Database,
  context: { readonly now: number; readonly presenceSettledAt: number },
): Promise<Effects> {
  const expired = await listExpiredStops(db, { now: context.now, limit: rescueBatch });
  if (expired.length === 0) return new Effects();
  return db.transaction(async (tx) => {
    const turn: Turn = { tx, effects: new Effects(), ...context };
    const timedOut = expired.filter((run) => run.stopOutcome === "timeout");
    const canceled = expired.filter((run) => run.stopOutcome === "canceled");
    const touched = [
      ...(await endInFlight(turn, {
        ids: timedOut.map((run) => run.id),
        status: "timeout",
        reason:
          "the group's timeoutSeconds ran out; the node has not confirmed that the run was stopped",
      })),
      ...(await endInFlight(turn, {
        ids: canceled.map((run) => run.id),
        status: "unknown",
        reason: "canceled, but the node has not confirmed that the run was stopped",
      })),
    ];
    for (const id of touched) turn.effects.again.add(id);
    return turn.effects;
  });
}
