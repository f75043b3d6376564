import type { GroupDecision, GroupRules } from "@courier/core";
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
  const found = await selectPendingRuns(context.tx, {
    instanceId: draft.instanceId,
    groupNumber: draft.groupNumber,
    fromPosition: draft.cursor,
    limit,
  });
  const inBatch = found.filter((run) => run.position < decision.batchEnd);
  const ready = settleOffline(inBatch, start);
  await dispatch(ready.dispatch, start);
  await refuse(ready.refuse, start);
  if (ready.waitUntil !== null) {
    draft.moveCursor(ready.cursor, decision.batchEnd);
    context.effects.lookAt(draft.instanceId, ready.waitUntil);
    return false;
  }
  const isExhausted = inBatch.length < limit;
  draft.moveCursor(isExhausted ? decision.batchEnd : ready.cursor, decision.batchEnd);
  if (decision.count <= runsPerGroupTurn) return true;
  context.effects.again.add(draft.instanceId);
  return false;
}

interface Settled {
  readonly dispatch: readonly PendingRun[];
  readonly refuse: readonly PendingRun[];
  readonly cursor: number;
  /** Set when an offline node may still be on its way back after a start of the service. */
  readonly waitUntil: number | null;
}

/** Splits runs by `offlinePolicy`; `wait` gives every run to its node, online or not. */
function settleOffline(runs: readonly PendingRun[], start: Start): Settled {
  const { draft, rules, context } = start;
  const last = runs.at(-1);
  const end = last === undefined ? draft.cursor : last.position + 1;
  if (rules.offlinePolicy === "wait") {
    return { dispatch: runs, refuse: [], cursor: end, waitUntil: null };
  }
  const isSettled = context.now >= context.presenceSettledAt;
  const firstOffline = runs.findIndex((run) => run.nodeSessionId === null);
  if (!isSettled && firstOffline !== -1) {
    return {
      dispatch: runs.slice(0, firstOffline),
      refuse: [],
      cursor: runs[firstOffline]?.position ?? end,
      waitUntil: context.presenceSettledAt,
    };
  }
  return {
    dispatch: runs.filter((run) => run.nodeSessionId !== null),
    refuse: runs.filter((run) => run.nodeSessionId === null),
    cursor: end,
    waitUntil: null,
  };
}

async function dispatch(runs: readonly PendingRun[], { draft, context }: Start): Promise<void> {
  if (runs.length === 0) return;
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
}
