import { assertNever, counted } from "@courier/core";
import type {
  BudgetHold,
  ExplainedGroup,
  RolloutWait,
  RunWait,
  RunWaitExample,
} from "@courier/protocol";
import { rfc3339 } from "../rfc3339.ts";

/** A wait in words: what it is, what ends it, and the first in a few words for a line that has no room. */
export interface WaitText {
  readonly message: string;
  readonly releasedBy: string;
  readonly brief: string;
}

/** What the words need besides the wait. */
export interface WaitedGroup {
  readonly groupNumber: number;
  readonly deadlineAt: number | null;
  /** Why it was halted; "" while it is not. */
  readonly reason: string;
  readonly pausedAt: number | null;
}

/** What keeps a group from moving, in words. */
export function rolloutWaitText(wait: RolloutWait, group: WaitedGroup): WaitText {
  switch (wait.kind) {
    case "paused":
      return {
        message: `the instance is paused${sinceText(group.pausedAt)}: nothing is dispatched, runs in flight go on`,
        releasedBy: "state instance resume",
        brief: "paused",
      };
    case "quorum":
      return quorumText(wait);
    case "barrier":
      return {
        message: `batch ${wait.batchNumber} of ${wait.batchCount} has not ended: ${counted(wait.openCount, "run")} of it ${are(wait.openCount)} open`,
        releasedBy: `the end of the last open run of batch ${wait.batchNumber}`,
        brief: `batch ${wait.batchNumber}/${wait.batchCount} has ${counted(wait.openCount, "open run")}`,
      };
    case "soak":
      return {
        message: `batch ${wait.batchNumber} of ${wait.batchCount} has ended, and the group waits before the next one (soakSeconds)`,
        releasedBy: `the time: ${rfc3339(wait.soakUntil)}`,
        brief: `soaks after batch ${wait.batchNumber}/${wait.batchCount}`,
      };
    case "budget":
      return budgetText(wait);
    case "window":
      return {
        message: `${counted(wait.openCount, "run")} ${are(wait.openCount)} in flight, as many as may be at once`,
        releasedBy: "the end of any of them",
        brief: `window of ${wait.windowSize} is full`,
      };
    case "last-runs":
      return {
        message: `no run is left to start, ${wait.openCount} ${have(wait.openCount)} not ended`,
        releasedBy: "the end of the last of them",
        brief: `last ${counted(wait.openCount, "run")}`,
      };
    case "stopping":
      return {
        message: `the group starts nothing more (${group.reason}); ${counted(wait.openCount, "run")} in flight ${have(wait.openCount)} not ended`,
        releasedBy: "the end of the last of them",
        brief: `halted (${wait.halt}): ${wait.openCount} open`,
      };
    case "earlier-group":
      return {
        message: `group ${wait.groupNumber} comes first (executionType: sequential)`,
        releasedBy: `the success of group ${wait.groupNumber}; without it this group is skipped`,
        brief: `after group ${wait.groupNumber}`,
      };
    case "presence":
      return {
        message: `node "${wait.nodeName}" is offline, and the service has only just started: it may still come back`,
        releasedBy: `its return, or ${rfc3339(wait.until)}, when offlinePolicy applies to it`,
        brief: "nodes are coming back",
      };
    default:
      return assertNever(wait, "wait");
  }
}

function budgetText(wait: BudgetHold): WaitText {
  const { budgetName, waitingCount, holdingCount, maxCount, nodeCount } = wait;
  const runs = `${counted(waitingCount, "run")} ${waitingCount === 1 ? "waits" : "wait"}`;
  return {
    message: `${runs} for the disruption budget "${budgetName}": ${holdingCount} of its ${counted(nodeCount, "node")} ${are(holdingCount)} under change, at most ${maxCount} may be`,
    releasedBy: `the end of a run that uses it, or a larger budget (scheduler budgets update-budget --budgetId ${wait.budgetId})`,
    brief: `${waitingCount} held by budget "${budgetName}"`,
  };
}

function quorumText(wait: Extract<RolloutWait, { readonly kind: "quorum" }>): WaitText {
  const { onlineCount, requiredCount, deadlineAt } = wait;
  const missing = requiredCount - onlineCount;
  const otherwise =
    deadlineAt === null
      ? "the group has no timeoutSeconds, it waits for ever"
      : `at ${rfc3339(deadlineAt)} the group fails`;
  return {
    message: `${onlineCount} of the ${counted(requiredCount, "node")} that must be online are (minReady)`,
    releasedBy: `${counted(missing, "more node")} online; ${otherwise}`,
    brief: `quorum: ${onlineCount}/${requiredCount} online`,
  };
}

/** What runs in flight wait for, in words. */
export function runWaitText(wait: RunWait, group: WaitedGroup): WaitText {
  const { count, until } = wait;
  const runs = counted(count, "run");
  switch (wait.kind) {
    case "stop":
      return {
        message: `${runs} ${count === 1 ? "was" : "were"} asked to stop, and the node has not confirmed it`,
        releasedBy: `the node's word${untilText(until, ", or the service's own verdict at")}`,
        brief: `${count} not confirmed stopped`,
      };
    case "return":
      return {
        message: `${runs} ${are(count)} being executed on nodes that are offline${sinceText(wait.since)}`,
        releasedBy: `the return of the node; ${verdictText(until, group)}`,
        brief: `${count} running on offline nodes`,
      };
    case "approval":
      return {
        message: `${runs} ${wait.count === 1 ? "waits" : "wait"} for nodes that are admitted and not approved yet`,
        releasedBy: `courier-cli management node approve-node; ${limitText(group)}`,
        brief: `${count} on nodes that wait for approval`,
      };
    case "delivery":
      return {
        message: `${runs} ${wait.count === 1 ? "waits" : "wait"} for nodes that are offline${sinceText(wait.since)} (offlinePolicy: wait)`,
        releasedBy: `the return of the node; ${limitText(group)}`,
        brief: `${count} on offline nodes`,
      };
    case "boot":
      return {
        message: `${runs} ${are(count)} restarting the node`,
        releasedBy: `the node's return after its boot; ${verdictText(until, group)}`,
        brief: `${count} restarting`,
      };
    case "busy":
      return {
        message: `${runs} ${wait.count === 1 ? "waits" : "wait"} on nodes that execute another run`,
        releasedBy: "the end of that run",
        brief: `${count} on busy nodes`,
      };
    case "acceptance":
      return {
        message: `${runs} ${have(count)} been sent to nodes that are online and have not begun`,
        releasedBy: `the node's word that it has begun${untilText(until, "; sent again from", " on")}`,
        brief: `${count} sent, not begun`,
      };
    case "retry":
      return {
        message: `${runs} ${wait.count === 1 ? "waits" : "wait"} for the next attempt of a step`,
        releasedBy: `the end of the delay (retryBackoffStrategy); ${limitText(group)}`,
        brief: `${count} in a retry delay`,
      };
    case "execution":
      return {
        message: `${runs} ${are(count)} being executed, the first${sinceText(wait.since)}`,
        releasedBy: `the end of the run; ${limitText(group)}`,
        brief: `${count} executing`,
      };
    default:
      return assertNever(wait.kind, "run wait");
  }
}

/** What is particular about one of the runs; "" when nothing is. */
export function exampleText({ occupation, step }: RunWaitExample): string {
  if (occupation !== undefined) {
    const { runId, instanceId, jobName } = occupation;
    return `executes run ${runId} of job "${jobName}" (instance ${instanceId})`;
  }
  if (step === undefined) return "";
  const attempt = step.attemptCount > 1 ? `, attempt ${step.attemptCount}` : "";
  const reason = step.reason === "" ? "" : `: ${step.reason}`;
  return `step ${step.stepNumber}${attempt}${reason}`;
}

/** What a group waits for in one short line; "" when nothing is in its way. */
export function groupSummary(group: ExplainedGroup, about: WaitedGroup): string {
  const waits = group.waits.map((wait) => rolloutWaitText(wait, about).brief);
  const runs = group.runs
    .filter(({ kind }) => kind !== "execution")
    .map((wait) => runWaitText(wait, about).brief);
  return [...waits, ...runs].join("; ");
}

function are(count: number): string {
  return count === 1 ? "is" : "are";
}

function have(count: number): string {
  return count === 1 ? "has" : "have";
}

function sinceText(since: number | null): string {
  return since === null ? "" : ` since ${rfc3339(since)}`;
}

function untilText(until: number | null, before: string, after = ""): string {
  return until === null ? "" : `${before} ${rfc3339(until)}${after}`;
}

/** Which comes first: the group's limit, or the service's verdict on a node that stays away. */
function verdictText(until: number | null, group: WaitedGroup): string {
  const isLimitFirst = group.deadlineAt !== null && group.deadlineAt <= (until ?? Infinity);
  if (until === null || isLimitFirst) return limitText(group);
  return `without it the run ends unknown at ${rfc3339(until)}`;
}

function limitText({ deadlineAt }: WaitedGroup): string {
  return deadlineAt === null
    ? "the group has no timeoutSeconds"
    : `the group's time is up at ${rfc3339(deadlineAt)}`;
}
