import { dropWaiters, selectHeldRuns } from "@courier/store";
import { beginRuns } from "./begin-runs.ts";
import { runsPerGroupTurn } from "./limits.ts";
import type { Start, StartDecision } from "./start-runs.ts";

/**
 * Tries runs again that were passed over because a disruption budget had no room: only as many as there may be room for, so
 * that the cost does not depend on how many wait.
 */
export async function startHeldRuns(decision: StartDecision, start: Start): Promise<void> {
  const { draft, context } = start;
  const { instanceId, groupNumber } = draft;
  const count = Math.min(decision.count, runsPerGroupTurn);
  const picks = await context.gate.picks(count);
  const found = await selectHeldRuns(context.tx, { instanceId, groupNumber, picks });
  if (found.length === 0) return;
  const runs = found.toSorted((left, right) => left.position - right.position);
  const { settledCount, heldIds, waitUntil } = await beginRuns(runs, count, start);
  if (waitUntil !== null) context.effects.lookAt(instanceId, waitUntil);
  const stillHeld = new Set(heldIds);
  const tried = runs.slice(0, settledCount).map((run) => run.id);
  await dropWaiters(
    context.tx,
    tried.filter((id) => !stillHeld.has(id)),
  );
}
