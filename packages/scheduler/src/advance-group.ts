import {
  assertNever,
  decideGroup,
  isGroupFinal,
  resolveGroupRules,
  type GroupContext,
  type GroupDecision,
  type GroupRules,
  type GroupSpec,
} from "@courier/core";
import {
  countGroupOnline,
  dropWaitersOfGroup,
  endPendingRuns,
  hasWaiters,
  type Db,
  type GroupRow,
} from "@courier/store";
import type { BudgetGate } from "./budget-gate.ts";
import type { Effects } from "./effects.ts";
import type { FreshRuns } from "./fresh-runs.ts";
import type { GroupDraft } from "./group-draft.ts";
import { quorumIntervalMs, runsPerGroupTurn } from "./limits.ts";
import type { PendingWrites } from "./pending-writes.ts";
import { startHeldRuns } from "./start-held-runs.ts";
import { startRuns } from "./start-runs.ts";
import { stopRuns } from "./stop-runs.ts";

/** What advancing a group needs besides its draft. */
export interface AdvanceContext {
  readonly tx: Db;
  readonly now: number;
  /** Until then a node that is offline may just not have come back yet (Unix ms). */
  readonly presenceSettledAt: number;
  readonly effects: Effects;
  /** Where changes of groups and instances gather; absent: they are written at once. */
  readonly writes?: PendingWrites;
  /** Runs of instances that were made in this transaction; absent: they are read group by group. */
  readonly fresh?: FreshRuns;
  /** What disruption budgets let this transaction dispatch; absent: each instance asks for itself. */
  readonly gate?: BudgetGate;
}

/** What advancing one group of an instance needs. */
export interface GroupAdvance extends AdvanceContext {
  /** Whether the instance dispatches nothing for now. */
  readonly isPaused: boolean;
  readonly gate: BudgetGate;
}

/** Applies decisions to one group until core says `rest` or this turn's bound is reached. The caller saves the draft. */
export async function advanceGroup(
  draft: GroupDraft,
  rules: GroupRules,
  context: GroupAdvance,
): Promise<void> {
  if (draft.hasHeld) await findHeld(draft, context);
  const groupContext = await readGroupContext(draft, rules, context);
  // Once in a turn: what has no room now has none before somebody commits.
  let isHeldTried = !draft.hasHeld;
  let shouldGoOn = true;
  while (shouldGoOn) {
    const decision = decideGroup(rules, draft.snapshot(), { ...groupContext, isHeldTried });
    if (decision.kind === "start" && !isHeldTried) {
      isHeldTried = true;
      await startHeldRuns(decision, { draft, rules, context });
      await findHeld(draft, context);
    } else {
      shouldGoOn = await applyDecision(decision, { draft, rules, context });
    }
  }
}

/** Runs that wait for a budget can have been cancelled meanwhile. */
async function findHeld(draft: GroupDraft, { tx, now }: GroupAdvance): Promise<void> {
  draft.hold((await hasWaiters(tx, draft)) ? now : null);
}

async function readGroupContext(
  draft: GroupDraft,
  rules: GroupRules,
  context: GroupAdvance,
): Promise<GroupContext> {
  if (rules.minReadyCount > 0) await context.writes?.insertFresh(context);
  const onlineCount = await countOnline(context.tx, draft, rules);
  return { now: context.now, onlineCount, isPaused: context.isPaused };
}

/** How many nodes of a group are online; 0 without looking when no quorum asks for them. */
export async function countOnline(
  db: Db,
  group: Pick<GroupRow, "instanceId" | "groupNumber" | "status">,
  rules: GroupRules,
): Promise<number> {
  const isAsked = rules.minReadyCount > 0 && !isGroupFinal(group.status);
  return isAsked && group.status !== "running" ? await countGroupOnline(db, group) : 0;
}

/** The rules of a group; the column holds the group of a canonical template that was validated when the job was added. */
export function rulesOf({ spec, nodeCount }: GroupRow): GroupRules {
  return resolveGroupRules(JSON.parse(spec) as GroupSpec, nodeCount);
}

interface Application {
  readonly draft: GroupDraft;
  readonly rules: GroupRules;
  readonly context: GroupAdvance;
}

/** Returns whether to decide again in this turn. */
async function applyDecision(decision: GroupDecision, to: Application): Promise<boolean> {
  const { draft, rules, context } = to;
  switch (decision.kind) {
    case "rest":
      lookAgain(draft, context);
      return false;
    case "await-quorum":
      draft.awaitUntil(decision.deadlineAt);
      return true;
    case "soak":
      draft.soak(decision.until);
      return true;
    case "start":
      return startRuns(decision, { draft, rules, context });
    case "halt":
      draft.halt(decision.cause, decision.reason);
      if (decision.cause === "timeout") await stopRuns(draft, context, { outcome: "timeout" });
      return true;
    case "drain":
      return drain(decision.outcome, draft, context);
    case "finish":
      if (draft.hasHeld) await dropWaitersOfGroup(context.tx, draft);
      draft.finish(finishEvents[decision.status], decision.reason, context.now);
      return false;
    default:
      return assertNever(decision, "group decision");
  }
}

/**
 * What no report and no list of deadlines brings back: a quorum, the wait after a batch, and the limit of what was in
 * flight when the group was halted for its outcomes.
 */
function lookAgain(draft: GroupDraft, { now, effects, isPaused }: GroupAdvance): void {
  if (isPaused) return;
  const { status, halt, deadlineAt, soakUntil } = draft.snapshot();
  if (status === "waiting") effects.lookAt(draft.instanceId, now + quorumIntervalMs);
  if (soakUntil !== null) effects.lookAt(draft.instanceId, soakUntil);
  const isByOutcome = halt === "criteria" || halt === "haltOn";
  if (isByOutcome && deadlineAt !== null) effects.lookAt(draft.instanceId, deadlineAt);
}

const finishEvents = {
  success: "succeed",
  failure: "fail",
  skipped: "skip",
  canceled: "cancel",
} as const;

async function drain(
  outcome: "skipped" | "canceled",
  draft: GroupDraft,
  context: AdvanceContext,
): Promise<boolean> {
  await context.writes?.insertFresh(context);
  // What was passed over lies before the cursor, among runs that were dispatched.
  if (draft.hasHeld) await context.writes?.flushDispatches(context);
  const { ended, cursor } = await endPendingRuns(context.tx, {
    instanceId: draft.instanceId,
    groupNumber: draft.groupNumber,
    fromPosition: draft.hasHeld ? 0 : draft.cursor,
    limit: runsPerGroupTurn,
    status: outcome,
    reason: draft.haltText,
    now: context.now,
  });
  draft.count(outcome, ended);
  // The batch that was started last stays the last one.
  draft.moveCursor(cursor, draft.snapshot().batchEnd);
  context.effects.countOutcome(outcome, ended);
  if (ended > 0) context.effects.movedInBulk.add(draft.instanceId);
  if (ended < runsPerGroupTurn) return true;
  context.effects.again.add(draft.instanceId);
  return false;
}
