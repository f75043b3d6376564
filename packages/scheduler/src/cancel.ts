import { instanceTransitions, isInstanceFinal, isRunOutcome, sourcesOf } from "@courier/core";
import type { Asker, CancelAnswer } from "@courier/protocol";
import {
  endRuns,
  findRun,
  lockInstances,
  updateInstance,
  withdrawWaitingStart,
  type Database,
  type LockedInstance,
} from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { Effects } from "./effects.ts";
import { countTransitions } from "./end-in-flight.ts";
import { GroupDraft } from "./group-draft.ts";
import { recordAudit } from "./record-audit.ts";
import { stopRuns } from "./stop-runs.ts";
import type { Turn } from "./turn.ts";

/** The answer to a request for a cancel and what follows from it. */
export interface Canceled {
  readonly answer: CancelAnswer;
  readonly effects: Effects;
}

interface CancelContext {
  readonly now: number;
  readonly presenceSettledAt: number;
  readonly asker: Asker;
}

/**
 * Marks an instance as cancelling and, in the same transaction, ends what has not started and stops what has. One that waits to
 * start does so no longer.
 */
export async function cancelInstance(
  db: Database,
  instanceId: string,
  context: CancelContext,
): Promise<Canceled> {
  return db.transaction(async (tx) => {
    const turn: Turn = { tx, effects: new Effects(), ...context };
    if (await withdrawWaitingStart(tx, instanceId)) {
      await recordAudit(tx, { ...context, action: "instance.cancel", object: instanceId });
      return { answer: "withdrawn", effects: turn.effects };
    }
    const [locked] = await lockInstances(tx, [instanceId]);
    if (locked === undefined) return { answer: "not-found", effects: turn.effects };
    if (isInstanceFinal(locked.instance.status)) return { answer: "ended", effects: turn.effects };
    await requestCancel(turn, instanceId, context.asker.tokenId);
    const instance = { ...locked.instance, status: "cancelling", pausedAt: null } as const;
    await advanceInstance({ ...locked, instance }, turn);
    await recordAudit(tx, { ...context, action: "instance.cancel", object: instanceId });
    return { answer: "cancelling", effects: turn.effects };
  });
}

/** A second request finds the instance cancelling already and changes nothing. */
async function requestCancel(turn: Turn, id: string, actor: string): Promise<void> {
  await updateInstance(turn.tx, {
    id,
    from: sourcesOf(instanceTransitions, "requestCancel"),
    set: {
      status: "cancelling",
      pausedAt: null,
      reason: `canceled by ${actor}`,
      cancelRequestedAt: turn.now,
      lastUpdatedBy: actor,
    },
    now: turn.now,
  });
}

/** Cancels one run: at once when it has not been dispatched, else by stopping it on its node. */
export async function cancelRun(
  db: Database,
  runId: string,
  context: CancelContext,
): Promise<Canceled> {
  return db.transaction(async (tx) => {
    const turn: Turn = { tx, effects: new Effects(), ...context };
    const found = await findRun(tx, runId);
    if (found === undefined) return { answer: "not-found", effects: turn.effects };
    const [locked] = await lockInstances(tx, [found.instanceId]);
    // Read again under the instance's lock: the run may have moved meanwhile.
    const run = await findRun(tx, runId);
    if (locked === undefined || run === undefined || isRunOutcome(run.status)) {
      return { answer: "ended", effects: turn.effects };
    }
    const isOver = await (run.status === "pending"
      ? endPending(turn, runId, context.asker.tokenId)
      : stopInFlight(turn, locked, run));
    await recordAudit(tx, { ...context, action: "run.cancel", object: runId });
    turn.effects.changedRuns.add(runId);
    turn.effects.again.add(run.instanceId);
    return { answer: isOver ? "ended" : "cancelling", effects: turn.effects };
  });
}

async function endPending(turn: Turn, runId: string, actor: string): Promise<boolean> {
  const ended = await endRuns(turn.tx, {
    ids: [runId],
    status: "canceled",
    reason: `canceled by ${actor}`,
    now: turn.now,
    from: ["pending"],
  });
  for (const run of ended) turn.effects.moved(run.instanceId, run.id);
  await countTransitions(
    turn,
    ended.map((run) => ({ ...run, status: "canceled" as const })),
  );
  return false;
}

async function stopInFlight(
  turn: Turn,
  locked: LockedInstance,
  run: { readonly id: string; readonly groupNumber: number },
): Promise<boolean> {
  const row = locked.groups.find((group) => group.groupNumber === run.groupNumber);
  if (row === undefined) return true;
  const draft = new GroupDraft(row);
  await stopRuns(draft, turn, { outcome: "canceled", runId: run.id });
  await draft.save(turn.tx);
  return false;
}
