import { planInstance } from "../rollout/decide-instance.ts";
import type { HaltCause } from "../rollout/decide-group.ts";
import type { GroupRules } from "../rollout/group-rules.ts";
import type { Batch } from "../rollout/list-batches.ts";
import { failedCount, type RunCounts } from "../rollout/run-counts.ts";
import { isGroupFinal, type GroupStatus } from "../state/group-state.ts";
import { EventQueue } from "./event-queue.ts";
import { VirtualBudgets, type SimulatedBudgets } from "./virtual-budgets.ts";
import { VirtualGroup, type RunEnd, type RunFate } from "./virtual-group.ts";

/** What is rolled out. */
export interface SimulatedTarget {
  readonly executionType: "sequential" | "parallel";
  readonly groups: readonly SimulatedGroup[];
  /** Absent: nothing is held back by budgets. */
  readonly budgets?: SimulatedBudgets;
}

/** One group of it. */
export interface SimulatedGroup {
  readonly rules: GroupRules;
  readonly nodeCount: number;
}

/** What the nodes do in one round. */
export interface RoundWeather {
  readonly isOffline: (groupNumber: number, position: number) => boolean;
  readonly fateOf: (groupNumber: number, position: number) => RunFate;
  /** Told of each batch when it starts. */
  readonly batchStarts?: (groupNumber: number, batch: Batch) => void;
}

/** How one round went. */
export interface Round {
  /** `stalled`: it would wait for ever. */
  readonly verdict: "success" | "failure" | "stalled";
  /** From the start to the last event, virtual ms. */
  readonly durationMs: number;
  readonly touchedCount: number;
  readonly failedCount: number;
  readonly groups: readonly GroupRound[];
}

/** How one group of a round went. */
export interface GroupRound {
  readonly status: GroupStatus;
  readonly counts: RunCounts;
  readonly touchedCount: number;
  /** What stopped it before all its runs had started; null: nothing did. */
  readonly haltedBy: HaltCause | null;
}

interface RoundEvent {
  readonly groupNumber: number;
  /** Null: time to look. */
  readonly end: RunEnd | null;
}

/** Rolls out once on a virtual clock, by the decisions that the scheduler follows. Nothing else happens: no I/O, no time passes. */
export function simulateRound(target: SimulatedTarget, weather: RoundWeather): Round {
  const queue = new EventQueue<RoundEvent>();
  const budgets = new VirtualBudgets(target.budgets?.maxCounts ?? []);
  const groups = target.groups.map(({ rules, nodeCount }, groupNumber) => {
    return new VirtualGroup(rules, nodeCount, {
      isOffline: (position) => weather.isOffline(groupNumber, position),
      fateOf: (position) => weather.fateOf(groupNumber, position),
      batchStarts: (batch) => weather.batchStarts?.(groupNumber, batch),
      memberAt: (position) => target.budgets?.memberAt(groupNumber, position),
      budgets,
      runEnds: (at, end) => queue.add(at, { groupNumber, end }),
      lookAt: (at) => queue.add(at, { groupNumber, end: null }),
    });
  });
  let now = 0;
  let verdict = settle(target, groups, now);
  while (verdict === null && queue.nextAt !== undefined) {
    now = queue.nextAt;
    const hasEnded = step(queue, groups, now);
    if (hasEnded) verdict = settle(target, groups, now);
  }
  return summarise(groups, { verdict: verdict ?? "stalled", durationMs: now });
}

/** Everything that happens at one time, as one turn of the scheduler records it. Tells whether a group has ended. */
function step(
  queue: EventQueue<RoundEvent>,
  groups: readonly VirtualGroup[],
  now: number,
): boolean {
  const concerned = new Set<VirtualGroup>();
  while (queue.nextAt === now) {
    const event = queue.take();
    const group = event === undefined ? undefined : groups[event.groupNumber];
    if (event === undefined || group === undefined) continue;
    if (event.end !== null) group.endRun(event.end);
    concerned.add(group);
  }
  // What has ended may have made room in a budget that another group waits for.
  for (const group of groups) if (group.standing.hasHeld) concerned.add(group);
  for (const group of concerned) {
    // A deadline may be left over of a group that has ended.
    if (!isGroupFinal(group.standing.status)) group.advance(now);
  }
  return [...concerned].some((group) => isGroupFinal(group.standing.status));
}

/** Lets every group go as far as it can, as the scheduler does with an instance; returns the verdict when there is one. */
function settle(
  target: SimulatedTarget,
  groups: readonly VirtualGroup[],
  now: number,
): "success" | "failure" | null {
  for (;;) {
    const standings = groups.map(({ standing }, groupNumber) => ({
      groupNumber,
      status: standing.status,
    }));
    const plan = planInstance(target.executionType, standings);
    if (plan.verdict !== null) return plan.verdict;
    for (const groupNumber of plan.active) {
      const group = groups[groupNumber];
      if (plan.barred.includes(groupNumber)) group?.bar();
      group?.advance(now);
    }
    if (openCount(groups) === openStandings(standings)) return null;
  }
}

function openCount(groups: readonly VirtualGroup[]): number {
  return openStandings(groups.map(({ standing }) => standing));
}

function openStandings(standings: readonly { readonly status: GroupStatus }[]): number {
  return standings.filter(({ status }) => !isGroupFinal(status)).length;
}

function summarise(
  groups: readonly VirtualGroup[],
  end: Pick<Round, "verdict" | "durationMs">,
): Round {
  const rounds = groups.map(({ standing, touchedCount, haltedBy }) => ({
    status: standing.status,
    counts: standing.counts,
    touchedCount,
    haltedBy: standing.counts.skipped > 0 ? haltedBy : null,
  }));
  return {
    ...end,
    touchedCount: rounds.reduce((sum, group) => sum + group.touchedCount, 0),
    failedCount: rounds.reduce((sum, group) => sum + failedCount(group.counts), 0),
    groups: rounds,
  };
}
