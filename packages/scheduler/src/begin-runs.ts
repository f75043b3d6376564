import { settleOffline, type Admission, type SettledRuns } from "@courier/core";
import {
  addWaiters,
  dispatchRuns,
  endRuns,
  findAdmittedNodes,
  type PendingRun,
} from "@courier/store";
import type { Start } from "./start-runs.ts";

/** How far `beginRuns` came. */
export interface BegunRuns {
  /** How many of the runs, from the first on, have been decided about. */
  readonly settledCount: number;
  /** Those that were passed over, because a disruption budget has no room for their nodes. */
  readonly heldIds: readonly string[];
  /** Set when an offline node may still be on its way back after a start of the service (Unix ms). */
  readonly waitUntil: number | null;
}

type Candidate = PendingRun & { readonly isOnline: boolean };

/** Dispatches at most `count` pending runs, refuses those that are offline, passes over those that have no room in a budget. */
export async function beginRuns(
  runs: readonly PendingRun[],
  count: number,
  start: Start,
): Promise<BegunRuns> {
  const { rules, context } = start;
  const { gate } = context;
  const candidates = runs.map((run) => ({ ...run, isOnline: run.nodeSessionId !== null }));
  const ready = settleOffline(candidates, { ...context, policy: rules.offlinePolicy });
  const admission = await gate.admit(ready.dispatch, count);
  const settledCount = settledBy(ready, admission, candidates);
  await dispatch(admission.admitted, start);
  await gate.use(admission.admitted);
  await hold(admission.held, start);
  const settled = new Set(candidates.slice(0, settledCount));
  await refuse(
    ready.refuse.filter((run) => settled.has(run)),
    start,
  );
  const isCut = admission.consideredCount < ready.dispatch.length;
  return {
    settledCount,
    heldIds: admission.held.map(({ run }) => run.id),
    waitUntil: isCut ? null : ready.waitUntil,
  };
}

/** Everything before the first run that there was no more room for in the batch or the window. */
function settledBy(
  ready: SettledRuns<Candidate>,
  { consideredCount }: Admission<Candidate>,
  candidates: readonly Candidate[],
): number {
  const next = ready.dispatch[consideredCount];
  return next === undefined ? ready.settledCount : candidates.indexOf(next);
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

async function hold(held: Admission<Candidate>["held"], { draft, context }: Start): Promise<void> {
  if (held.length === 0) return;
  await context.writes?.insertFresh(context);
  const { instanceId, groupNumber } = draft;
  const waiters = held.map(({ run, budget }) => ({
    runId: run.id,
    position: run.position,
    budgetSeq: budget,
  }));
  await addWaiters(context.tx, { instanceId, groupNumber, waiters });
  draft.hold(context.now);
}

async function refuse(runs: readonly PendingRun[], start: Start): Promise<void> {
  if (runs.length === 0) return;
  const nodeIds = runs.map(({ nodeId }) => nodeId);
  const admitted = await findAdmittedNodes(start.context.tx, nodeIds);
  const isUnapproved = ({ nodeId }: PendingRun): boolean => admitted.has(nodeId);
  await endRefused(runs.filter(isUnapproved), "waits for approval", start);
  await endRefused(
    runs.filter((run) => !isUnapproved(run)),
    "is offline",
    start,
  );
}

async function endRefused(
  runs: readonly PendingRun[],
  state: string,
  { draft, rules, context }: Start,
): Promise<void> {
  if (runs.length === 0) return;
  await context.writes?.insertFresh(context);
  const status = rules.offlinePolicy === "fail" ? "undeliverable" : "skipped";
  const ended = await endRuns(context.tx, {
    ids: runs.map((run) => run.id),
    status,
    reason: `the node ${state} (offlinePolicy: ${rules.offlinePolicy})`,
    now: context.now,
    from: ["pending"],
  });
  draft.count(status, ended.length);
  context.effects.countOutcome(status, ended.length);
  for (const run of ended) context.effects.moved(run.instanceId, run.id);
}
