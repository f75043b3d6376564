import {
  isGroupFinal,
  isInstanceFinal,
  planInstance,
  sourcesOf,
  instanceTransitions,
  type InstanceEvent,
} from "@courier/core";
import {
  updateInstance,
  type InstanceChange,
  type InstanceMove,
  type LockedInstance,
} from "@courier/store";
import { advanceGroup, rulesOf, type AdvanceContext, type GroupAdvance } from "./advance-group.ts";
import { BudgetGate } from "./budget-gate.ts";
import { GroupDraft } from "./group-draft.ts";
import { stopRuns } from "./stop-runs.ts";

/** Advances one locked instance: its groups as far as they go now, then its own status. */
export async function advanceInstance(
  locked: LockedInstance,
  context: AdvanceContext,
): Promise<void> {
  if (isInstanceFinal(locked.instance.status)) return;
  const drafts = locked.groups.map((row) => ({ row, draft: new GroupDraft(row) }));
  if (locked.instance.status === "cancelling") await haltForCancel(drafts, context);
  const isPaused = locked.instance.pausedAt !== null;
  const gate = context.gate ?? new BudgetGate(context);
  for (let turn = 0; turn <= drafts.length; turn += 1) {
    const plan = planInstance(locked.instance.executionType, drafts.map(standing));
    if (plan.verdict !== null) {
      await finishInstance(locked, plan.verdict, context);
      break;
    }
    const before = openCount(drafts);
    await advanceGroups(drafts, plan, { ...context, isPaused, gate });
    if (openCount(drafts) === before) break;
  }
  if (locked.instance.status === "pending") await startInstance(locked, drafts, context);
  await saveDrafts(drafts, context);
  context.effects.changedInstances.add(locked.instance.id);
}

interface DraftedGroup {
  readonly row: LockedInstance["groups"][number];
  readonly draft: GroupDraft;
}

async function saveDrafts(
  drafts: readonly DraftedGroup[],
  { tx, writes }: AdvanceContext,
): Promise<void> {
  for (const { draft } of drafts) {
    if (writes === undefined) await draft.save(tx);
    else draft.collect(writes);
  }
}

function standing({ draft }: DraftedGroup): { groupNumber: number; status: GroupDraft["status"] } {
  return { groupNumber: draft.groupNumber, status: draft.status };
}

function openCount(drafts: readonly DraftedGroup[]): number {
  return drafts.filter(({ draft }) => !isGroupFinal(draft.status)).length;
}

async function advanceGroups(
  drafts: readonly DraftedGroup[],
  plan: { readonly active: readonly number[]; readonly barred: readonly number[] },
  context: GroupAdvance,
): Promise<void> {
  for (const { row, draft } of drafts) {
    if (!plan.active.includes(draft.groupNumber)) continue;
    if (plan.barred.includes(draft.groupNumber)) {
      draft.halt("sequence", "an earlier group did not succeed");
    }
    await advanceGroup(draft, rulesOf(row), context);
  }
}

async function haltForCancel(
  drafts: readonly DraftedGroup[],
  context: AdvanceContext,
): Promise<void> {
  for (const { draft } of drafts) {
    if (isGroupFinal(draft.status)) continue;
    draft.halt("cancel", "canceled");
    if (draft.snapshot().counts.inFlight > 0)
      await stopRuns(draft, context, { outcome: "canceled" });
  }
}

async function startInstance(
  locked: LockedInstance,
  drafts: readonly DraftedGroup[],
  context: AdvanceContext,
): Promise<void> {
  if (drafts.every(({ draft }) => draft.status === "pending")) return;
  await move(locked, context, {
    event: "start",
    set: { status: "running", startedAt: context.now },
  });
}

async function finishInstance(
  locked: LockedInstance,
  verdict: "success" | "failure",
  context: AdvanceContext,
): Promise<void> {
  const finishedAt = context.now;
  if (locked.instance.status === "cancelling") {
    await move(locked, context, {
      event: "confirmCancel",
      set: { status: "canceled", finishedAt, pausedAt: null },
    });
  } else {
    const event = verdict === "success" ? "succeed" : "fail";
    await move(locked, context, { event, set: { status: verdict, finishedAt, pausedAt: null } });
  }
}

async function move(
  locked: LockedInstance,
  context: AdvanceContext,
  change: {
    readonly event: InstanceEvent;
    readonly set: InstanceChange & Pick<InstanceMove, "status">;
  },
): Promise<void> {
  const { id } = locked.instance;
  const { event, set } = change;
  const from = sourcesOf(instanceTransitions, event);
  if (context.writes === undefined) {
    await updateInstance(context.tx, { id, from, set, now: context.now });
    return;
  }
  const { status, startedAt = null, finishedAt = null } = set;
  context.writes.move({ id, from, status, startedAt, finishedAt });
}
