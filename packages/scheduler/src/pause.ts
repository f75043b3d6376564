import { transitionPause, type PauseEvent } from "@courier/core";
import type { Asker, PauseAnswer } from "@courier/protocol";
import { lockInstances, updateInstance, type Database, type LockedInstance } from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { Effects } from "./effects.ts";
import { GroupDraft } from "./group-draft.ts";
import { recordAudit } from "./record-audit.ts";
import type { Turn } from "./turn.ts";

interface PauseContext {
  readonly now: number;
  readonly presenceSettledAt: number;
  readonly asker: Asker;
}

/** The answer to a request for a pause or a resume and what follows from it. */
export interface Paused {
  readonly answer: PauseAnswer;
  readonly effects: Effects;
}

/**
 * Lets an instance dispatch nothing more, or go on. Runs in flight are not touched by either. The clocks of its groups
 * stand still while it is paused: a resume moves their deadlines by as long as it took.
 */
export async function pauseInstance(
  db: Database,
  order: { readonly instanceId: string; readonly event: PauseEvent },
  context: PauseContext,
): Promise<Paused> {
  return db.transaction(async (tx) => {
    const turn: Turn = { tx, effects: new Effects(), ...context };
    const { effects } = turn;
    const [locked] = await lockInstances(tx, [order.instanceId]);
    if (locked === undefined) return { answer: { kind: "not-found" }, effects };
    const { instance } = locked;
    const next = transitionPause(instance, order.event, context.now);
    if (!next.ok) return { answer: { kind: next.reason }, effects };
    const { pausedAt } = next;
    if (pausedAt !== instance.pausedAt) await apply(turn, { locked, pausedAt, ...context });
    await recordAudit(tx, { ...context, action: `instance.${order.event}`, object: instance.id });
    return { answer: { kind: "accepted", status: instance.status, pausedAt }, effects };
  });
}

async function apply(
  turn: Turn,
  change: {
    readonly locked: LockedInstance;
    readonly pausedAt: number | null;
    readonly asker: Asker;
  },
): Promise<void> {
  const { locked, pausedAt, asker } = change;
  const { id, status } = locked.instance;
  const set = { pausedAt, lastUpdatedBy: asker.tokenId };
  await updateInstance(turn.tx, { id, from: [status], set, now: turn.now });
  if (pausedAt === null) await resume(turn, locked);
  turn.effects.changedInstances.add(id);
}

async function resume(turn: Turn, { instance, groups }: LockedInstance): Promise<void> {
  const stoodStillMs = Math.max(0, turn.now - (instance.pausedAt ?? turn.now));
  for (const group of groups) {
    const draft = new GroupDraft(group);
    draft.postpone(stoodStillMs);
    await draft.save(turn.tx);
  }
  // Read again: advancing starts from the rows as they are now.
  for (const locked of await lockInstances(turn.tx, [instance.id])) {
    await advanceInstance(locked, turn);
  }
}
