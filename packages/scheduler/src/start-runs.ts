import { settleOffline, type GroupDecision, type GroupRules } from "@courier/core";
import { dispatchRuns, endRuns, selectPendingRuns } from "@courier/store";
import type { AdvanceContext } from "./advance-group.ts";
import type { GroupDraft } from "./group-draft.ts";
import { runsPerGroupTurn } from "./limits.ts";

type StartDecision = Extract<GroupDecision, { kind: "start" }>;
type PendingRun = Awaited<ReturnType<typeof selectPendingRuns>>[number];

interface Start {
  readonly draft: GroupDraft;
  readonly rules: GroupRules;
  readonly context: AdvanceContext;
}

/** Claims the next runs by position; returns whether the group should be decided again in this turn. */
export async function startRuns(decision: StartDecision, start: Start): Promise<boolean> {
  const { draft, rules, context } = start;
  if (draft.status !== "running") draft.begin(context.now, rules.timeoutMs);
  const limit = Math.min(decision.count, runsPerGroupTurn);
  const part = { fromPosition: draft.cursor, limit };
  const { instanceId, groupNumber } = draft;
  const found =
    context.fresh?.take(draft, part) ??
    (await selectPendingRuns(context.tx, { instanceId, groupNumber, ...part }));
  const inBatch = found
    .filter((run) => run.position < decision.batchEnd)
    .map((run) => ({ ...run, isOnline: run.nodeSessionId !== null }));
  const ready = settleOffline(inBatch, { ...context, policy: rules.offlinePolicy });
  await dispatch(ready.dispatch, start);
  await refuse(ready.refuse, start);
  if (ready.waitUntil !== null) {
    draft.moveCursor(inBatch[ready.settledCount]?.position ?? draft.cursor, decision.batchEnd);
    context.effects.lookAt(draft.instanceId, ready.waitUntil);
    return false;
  }
  const isExhausted = inBatch.length < limit;
  const last = inBatch.at(-1);
  const cursor = last === undefined ? draft.cursor : last.position + 1;
  draft.moveCursor(isExhausted ? decision.batchEnd : cursor, decision.batchEnd);
  if (decision.count <= runsPerGroupTurn) return true;
  context.effects.again.add(draft.instanceId);
  return false;
}

async function dispatch(runs: readonly PendingRun[], { draft, context }: Start): Promise<void> {
  if (runs.length === 0) return;
  const { instanceId } = draft;
  if (context.writes !== undefined) {
    for (const { id, nodeId, nodeSessionId: sessionId } of runs) {
      context.writes.dispatch({ id, nodeId, sessionId, instanceId });
    }
    draft.count("inFlight", runs.length);
    return;
  }
  const ids = runs.map((run) => run.id);
  const dispatched = await dispatchRuns(context.tx, { ids, now: context.now });
  draft.count("inFlight", dispatched.length);
  const sessions = new Map(runs.map((run) => [run.id, run.nodeSessionId]));
  for (const run of dispatched) {
    const sessionId = sessions.get(run.id) ?? null;
    context.effects.dispatched.push({ ...run, instanceId: draft.instanceId, sessionId });
  }
}

async function refuse(runs: readonly PendingRun[], start: Start): Promise<void> {
  if (runs.length === 0) return;
  const { draft, rules, context } = start;
  const status = rules.offlinePolicy === "fail" ? "undeliverable" : "skipped";
  const ended = await endRuns(context.tx, {
    ids: runs.map((run) => run.id),
    status,
    reason: `the node is offline (offlinePolicy: ${rules.offlinePolicy})`,
    now: context.now,
    from: ["pending"],
  });
  draft.count(status, ended.length);
  context.effects.countOutcome(status, ended.length);
  for (const run of ended) context.effects.moved(run.instanceId, run.id);
}
