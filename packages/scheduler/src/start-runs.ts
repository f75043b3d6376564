import type { GroupDecision, GroupRules } from "@courier/core";
import { selectPendingRuns, type PendingRun } from "@courier/store";
import type { GroupAdvance } from "./advance-group.ts";
import { beginRuns } from "./begin-runs.ts";
import type { GroupDraft } from "./group-draft.ts";
import { runsPerGroupTurn } from "./limits.ts";

/** A decision to start runs. */
export type StartDecision = Extract<GroupDecision, { kind: "start" }>;

/** What starting runs of one group needs. */
export interface Start {
  readonly draft: GroupDraft;
  readonly rules: GroupRules;
  readonly context: GroupAdvance;
}

/** Pending runs of the group from a position on. */
async function findPending(
  part: { readonly fromPosition: number; readonly limit: number },
  { draft, context }: Start,
): Promise<readonly PendingRun[]> {
  const fresh = context.fresh?.take(draft, part);
  if (fresh !== undefined) return fresh;
  await context.writes?.insertFresh(context);
  const { instanceId, groupNumber } = draft;
  return selectPendingRuns(context.tx, { instanceId, groupNumber, ...part });
}

/** Claims the next runs by position; returns whether the group should be decided again in this turn. */
export async function startRuns(decision: StartDecision, start: Start): Promise<boolean> {
  const { draft, rules, context } = start;
  if (draft.status !== "running") draft.begin(context.now, rules.timeoutMs);
  // Behind runs that have no room in a budget there may be many more: they are looked through in large parts.
  const limit = draft.hasHeld ? runsPerGroupTurn : Math.min(decision.count, runsPerGroupTurn);
  const found = await findPending({ fromPosition: draft.cursor, limit }, start);
  const inBatch = found.filter((run) => run.position < decision.batchEnd);
  const begun = await beginRuns(inBatch, decision.count, start);
  if (begun.waitUntil !== null) {
    draft.moveCursor(inBatch[begun.settledCount]?.position ?? draft.cursor, decision.batchEnd);
    context.effects.lookAt(draft.instanceId, begun.waitUntil);
    return false;
  }
  const isExhausted = inBatch.length < limit && begun.settledCount === inBatch.length;
  const last = inBatch[begun.settledCount - 1];
  const cursor = last === undefined ? draft.cursor : last.position + 1;
  draft.moveCursor(isExhausted ? decision.batchEnd : cursor, decision.batchEnd);
  const isLongSearch = begun.heldIds.length === runsPerGroupTurn;
  if (decision.count <= runsPerGroupTurn && !isLongSearch) return true;
  context.effects.again.add(draft.instanceId);
  return false;
}
