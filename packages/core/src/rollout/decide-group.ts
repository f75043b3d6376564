import { assertNever } from "../assert.ts";
import { isGroupFinal, type GroupStatus } from "../state/group-state.ts";
import { batchAt } from "./batch.ts";
import { judgeCriteria } from "./criteria.ts";
import { findHalt } from "./halt-on.ts";
import type { GroupRules } from "./group-rules.ts";
import { endedCount, pendingCount, type RunCounts } from "./run-counts.ts";

/**
 * Why a group starts nothing more. First cause wins, but a timeout follows `criteria` and `haltOn` when what was in flight
 * takes too long.
 */
export type HaltCause = "criteria" | "haltOn" | "timeout" | "quorum" | "cancel" | "sequence";

/** Everything about a group that its next decision depends on; never its single runs. */
export interface GroupSnapshot {
  readonly status: GroupStatus;
  readonly nodeCount: number;
  readonly counts: RunCounts;
  /** Next position to consider for dispatch. */
  readonly cursor: number;
  /** First position beyond the current batch (batching only). */
  readonly batchEnd: number;
  readonly halt: HaltCause | null;
  readonly deadlineAt: number | null;
  /** When the wait after the last batch is over; null: no batch has ended since the last one started. */
  readonly soakUntil: number | null;
  /** Whether runs before the cursor were passed over, because a disruption budget has no room for their nodes. */
  readonly hasHeld: boolean;
}

/**
 * Why a group does nothing now. `ended`: for ever; `stopping`: it was halted and what is in flight has to end; `paused`: its
 * instance is; `quorum`: too few of its nodes are online; `barrier`: its batch has not ended; `window`: as many runs as may be
 * are in flight; `soak`: it waits after a batch; `budget`: what it could
 * start is kept back by disruption budgets; `last-runs`: no run is left to start.
 */
export type RestCause =
  | "ended"
  | "stopping"
  | "paused"
  | "quorum"
  | "barrier"
  | "window"
  | "soak"
  | "budget"
  | "last-runs";

/** What to do with a group now. `rest`: nothing, until something changes. */
export type GroupDecision =
  | { readonly kind: "rest"; readonly because: RestCause }
  | { readonly kind: "await-quorum"; readonly deadlineAt: number | null }
  | { readonly kind: "soak"; readonly until: number }
  | { readonly kind: "start"; readonly count: number; readonly batchEnd: number }
  | { readonly kind: "halt"; readonly cause: HaltCause; readonly reason: string }
  | { readonly kind: "drain"; readonly outcome: "skipped" | "canceled" }
  | {
      readonly kind: "finish";
      readonly status: "success" | "failure" | "skipped" | "canceled";
      readonly reason: string;
    };

/** What the decision needs from outside the snapshot. */
export interface GroupContext {
  readonly now: number;
  /** Nodes of the group that are online; only read when a quorum is asked for. */
  readonly onlineCount: number;
  /** Nothing is dispatched and no clock runs out; what has ended is still counted and judged. Default false. */
  readonly isPaused?: boolean;
  /** The runs that were passed over have just been tried again, and what is left of them has to wait. Default false. */
  readonly isHeldTried?: boolean;
}

const haltForTimeout: GroupDecision = {
  kind: "halt",
  cause: "timeout",
  reason: "the group's timeoutSeconds ran out",
};

function rest(because: RestCause): GroupDecision {
  return { kind: "rest", because };
}

/** Decides the next move of one group (semantics.md section 4). Applying it and asking again ends in `rest`. */
export function decideGroup(
  rules: GroupRules,
  group: GroupSnapshot,
  context: GroupContext,
): GroupDecision {
  if (isGroupFinal(group.status)) return rest("ended");
  if (group.halt !== null) return decideHalted({ rules, group, halt: group.halt, context });
  if (group.nodeCount === 0) return finishEmpty(rules);
  // Before the quorum: runs can be cancelled one by one while the group waits for it.
  if (endedCount(group.counts) === group.nodeCount) return finishByRules(rules, group);
  if (context.isPaused === true && group.status !== "running") return rest("paused");
  if (group.status !== "running" && context.onlineCount < rules.minReadyCount) {
    return decideQuorum(rules, group, context);
  }
  return decideRunning(rules, group, context);
}

interface HaltedGroup {
  readonly rules: GroupRules;
  readonly group: GroupSnapshot;
  readonly halt: HaltCause;
  readonly context: GroupContext;
}

function decideHalted({ rules, group, halt, context }: HaltedGroup): GroupDecision {
  if (pendingCount(group.counts, group.nodeCount) > 0) {
    return { kind: "drain", outcome: halt === "cancel" ? "canceled" : "skipped" };
  }
  if (group.counts.inFlight > 0) {
    // What was in flight when the group was halted for its outcomes still has to keep to the group's limit.
    const isByOutcome = halt === "criteria" || halt === "haltOn";
    return isByOutcome && isPastDeadline(group, context) ? haltForTimeout : rest("stopping");
  }
  switch (halt) {
    case "cancel":
      return { kind: "finish", status: "canceled", reason: "canceled" };
    case "sequence":
      return { kind: "finish", status: "skipped", reason: "an earlier group did not succeed" };
    case "quorum":
      return { kind: "finish", status: "failure", reason: "quorum" };
    case "timeout":
    case "criteria":
    case "haltOn":
      return finishByRules(rules, group);
    default:
      return assertNever(halt, "halt cause");
  }
}

function isPastDeadline(group: GroupSnapshot, { now, isPaused }: GroupContext): boolean {
  if (isPaused === true) return false;
  return group.deadlineAt !== null && now >= group.deadlineAt;
}

function finishEmpty(rules: GroupRules): GroupDecision {
  return rules.onEmpty === "succeed"
    ? { kind: "finish", status: "success", reason: "the group has no nodes (onEmpty: succeed)" }
    : { kind: "finish", status: "failure", reason: "the group has no nodes (onEmpty: fail)" };
}

function decideQuorum(
  rules: GroupRules,
  group: GroupSnapshot,
  context: GroupContext,
): GroupDecision {
  if (rules.minReadyCount > group.nodeCount) {
    const reason = `quorum: ${rules.minReadyCount} nodes must be online, the group has ${group.nodeCount}`;
    return { kind: "halt", cause: "quorum", reason };
  }
  if (group.status === "pending") {
    const deadlineAt = rules.timeoutMs === 0 ? null : context.now + rules.timeoutMs;
    return { kind: "await-quorum", deadlineAt };
  }
  if (!isPastDeadline(group, context)) return rest("quorum");
  return {
    kind: "halt",
    cause: "quorum",
    reason: `quorum: ${context.onlineCount} of the required ${rules.minReadyCount} nodes were online in time`,
  };
}

function decideRunning(
  rules: GroupRules,
  group: GroupSnapshot,
  context: GroupContext,
): GroupDecision {
  const pending = pendingCount(group.counts, group.nodeCount);
  if (group.status === "running" && isPastDeadline(group, context)) return haltForTimeout;
  const haltReason = findHalt(rules.haltOn, group.counts, group.nodeCount);
  if (haltReason !== undefined) return { kind: "halt", cause: "haltOn", reason: haltReason };
  if (rules.earlyTermination) {
    const verdict = judgeCriteria(rules.criteria, group.counts, group.nodeCount);
    if (verdict.standing === "lost") {
      return { kind: "halt", cause: "criteria", reason: `earlyTermination: ${verdict.reason}` };
    }
  }
  if (pending === 0) return rest("last-runs");
  return context.isPaused === true ? rest("paused") : decideStart(rules, group, context);
}

function decideStart(
  rules: GroupRules,
  group: GroupSnapshot,
  { now, isHeldTried }: GroupContext,
): GroupDecision {
  const mustHeldWait = group.hasHeld && isHeldTried === true;
  if (rules.distributionMethod === "rolling") {
    const free = rules.batchSizes[0] - group.counts.inFlight;
    if (free <= 0) return rest("window");
    if (mustHeldWait && group.cursor >= group.nodeCount) return rest("budget");
    return { kind: "start", count: free, batchEnd: group.nodeCount };
  }
  if (group.cursor < group.batchEnd) {
    return { kind: "start", count: group.batchEnd - group.cursor, batchEnd: group.batchEnd };
  }
  // What was passed over belongs to this batch: the next one waits for it.
  if (mustHeldWait) return rest("budget");
  if (group.hasHeld) {
    const pending = pendingCount(group.counts, group.nodeCount);
    return { kind: "start", count: pending, batchEnd: group.batchEnd };
  }
  if (group.counts.inFlight > 0) return rest("barrier");
  if (group.batchEnd > 0 && rules.soakMs > 0) {
    if (group.soakUntil === null) return { kind: "soak", until: now + rules.soakMs };
    if (now < group.soakUntil) return rest("soak");
  }
  const { cursor: position, nodeCount } = group;
  const { end } = batchAt(rules.batchSizes, { position, nodeCount });
  return { kind: "start", count: end - position, batchEnd: end };
}

/** A group whose haltOn was reached fails, also when it was reached by its last run and the criteria are met. */
function finishByRules(rules: GroupRules, group: GroupSnapshot): GroupDecision {
  const haltReason = findHalt(rules.haltOn, group.counts, group.nodeCount);
  if (haltReason !== undefined) return { kind: "finish", status: "failure", reason: haltReason };
  const verdict = judgeCriteria(rules.criteria, group.counts, group.nodeCount);
  if (verdict.standing === "met") return { kind: "finish", status: "success", reason: "" };
  const reason = verdict.standing === "lost" ? verdict.reason : "the criteria were not met";
  return { kind: "finish", status: "failure", reason };
}
