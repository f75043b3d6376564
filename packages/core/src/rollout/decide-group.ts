import { assertNever } from "../assert.ts";
import { isGroupFinal, type GroupStatus } from "../state/group-state.ts";
import { judgeCriteria } from "./criteria.ts";
import type { GroupRules } from "./group-rules.ts";
import { endedCount, pendingCount, type RunCounts } from "./run-counts.ts";

/** Why a group starts nothing more. First cause wins, but a timeout follows `criteria` when what was in flight takes too long. */
export type HaltCause = "criteria" | "timeout" | "quorum" | "cancel" | "sequence";

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
}

/**
 * Why a group does nothing now. `ended`: for ever; `stopping`: it was halted and what is in flight has to end; `paused`: its
 * instance is; `quorum`: too few of its nodes are online; `barrier`: its batch has not ended; `window`: as many runs as may be
 * are in flight; `last-runs`: every run has begun.
 */
export type RestCause =
  | "ended"
  | "stopping"
  | "paused"
  | "quorum"
  | "barrier"
  | "window"
  | "last-runs";

/** What to do with a group now. `rest`: nothing, until something changes. */
export type GroupDecision =
  | { readonly kind: "rest"; readonly because: RestCause }
  | { readonly kind: "await-quorum"; readonly deadlineAt: number | null }
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
  if (endedCount(group.counts) === group.nodeCount) return finishByCriteria(rules, group);
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
    // What was in flight when the criteria were lost still has to keep to the group's limit.
    return halt === "criteria" && isPastDeadline(group, context)
      ? haltForTimeout
      : rest("stopping");
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
      return finishByCriteria(rules, group);
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
  if (rules.earlyTermination) {
    const verdict = judgeCriteria(rules.criteria, group.counts, group.nodeCount);
    if (verdict.standing === "lost") {
      return { kind: "halt", cause: "criteria", reason: `earlyTermination: ${verdict.reason}` };
    }
  }
  if (pending === 0) return rest("last-runs");
  return context.isPaused === true ? rest("paused") : decideStart(rules, group);
}

function decideStart(rules: GroupRules, group: GroupSnapshot): GroupDecision {
  if (rules.distributionMethod === "rolling") {
    const free = rules.batchSize - group.counts.inFlight;
    if (free <= 0) return rest("window");
    return { kind: "start", count: free, batchEnd: group.nodeCount };
  }
  if (group.cursor < group.batchEnd) {
    return { kind: "start", count: group.batchEnd - group.cursor, batchEnd: group.batchEnd };
  }
  if (group.counts.inFlight > 0) return rest("barrier");
  const batchEnd = Math.min(group.nodeCount, group.cursor + rules.batchSize);
  return { kind: "start", count: batchEnd - group.cursor, batchEnd };
}

function finishByCriteria(rules: GroupRules, group: GroupSnapshot): GroupDecision {
  const verdict = judgeCriteria(rules.criteria, group.counts, group.nodeCount);
  if (verdict.standing === "met") return { kind: "finish", status: "success", reason: "" };
  const reason = verdict.standing === "lost" ? verdict.reason : "the criteria were not met";
  return { kind: "finish", status: "failure", reason };
}
