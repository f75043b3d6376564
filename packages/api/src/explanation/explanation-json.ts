import {
  counted,
  isGroupFinal,
  isInstanceFinal,
  measureCriteria,
  type CriterionStanding,
} from "@courier/core";
import type {
  BudgetHold,
  ExplainedGroup as GroupWaits,
  Explanation,
  RolloutWait,
} from "@courier/protocol";
import type {
  ExplainedCriterion,
  ExplainedGroup,
  ExplainedInstance,
  ExplainedWait,
  WaitExample,
} from "@courier/schema";
import type { GroupRow, InstanceRow } from "@courier/store";
import { groupItem } from "../instance-json.ts";
import { rfc3339, rfc3339OrNull } from "../rfc3339.ts";
import type { GroupFailures } from "./failures.ts";
import {
  exampleText,
  groupSummary,
  rolloutWaitText,
  runWaitText,
  type WaitedGroup,
} from "./wait-text.ts";

/** Everything that an explanation is written from. */
export interface ExplanationParts {
  readonly instance: InstanceRow;
  readonly groups: readonly GroupRow[];
  readonly explanation: Explanation;
  readonly failures: ReadonlyMap<number, GroupFailures>;
}

/** An explanation as the API shows it. */
export function explanationItem(parts: ExplanationParts): ExplainedInstance {
  const { instance, explanation } = parts;
  const groups = parts.groups.map((row) => explainedGroup(row, parts));
  return {
    instanceId: instance.id,
    jobId: instance.jobId,
    jobName: instance.jobName,
    status: instance.status,
    reason: instance.reason,
    summary: instanceSummary(instance, groups),
    at: rfc3339(explanation.at),
    startedAt: rfc3339OrNull(instance.startedAt),
    finishedAt: rfc3339OrNull(instance.finishedAt),
    pausedAt: rfc3339OrNull(instance.pausedAt),
    isPartial: explanation.isPartial,
    groups,
  };
}

function explainedGroup(row: GroupRow, parts: ExplanationParts): ExplainedGroup {
  const { groupNumber, status, reason, nodeCount, counts } = groupItem(row);
  const explained = parts.explanation.groups.find((one) => one.groupNumber === groupNumber);
  const failures = parts.failures.get(groupNumber);
  const about = {
    groupNumber,
    reason,
    deadlineAt: row.deadlineAt,
    pausedAt: parts.instance.pausedAt,
  };
  return {
    ...{ groupNumber, status, reason, nodeCount, counts },
    summary: explained === undefined ? "" : groupSummary(explained, about),
    deadlineAt: isGroupFinal(row.status) ? null : rfc3339OrNull(row.deadlineAt),
    criteria: criteriaOf(row).map((criterion) => criterionItem(criterion, nodeCount)),
    waits: explained === undefined ? [] : waitItems(explained, about),
    failures: failures?.failures ?? [],
    unfoldedCount: failures?.unfoldedCount ?? 0,
    firstFailures: failures?.firstFailures ?? [],
  };
}

function criteriaOf(row: GroupRow): readonly CriterionStanding[] {
  // The column holds the group of a canonical template that was validated when the job was added.
  const { successCriteria } = JSON.parse(row.spec) as {
    readonly successCriteria?: Parameters<typeof measureCriteria>[0];
  };
  return measureCriteria(successCriteria ?? [], row.counts, row.nodeCount);
}

function criterionItem(criterion: CriterionStanding, nodeCount: number): ExplainedCriterion {
  const { status, limit, count } = criterion;
  const message =
    status === "success"
      ? `at least ${limit} of ${nodeCount} runs must succeed: ${count} did`
      : `at most ${limit} of ${nodeCount} runs may fail: ${count} did`;
  return { ...criterion, message };
}

function waitItems(group: GroupWaits, about: WaitedGroup): ExplainedWait[] {
  const ofGroup = group.waits.map((wait): ExplainedWait => {
    const { message, releasedBy } = rolloutWaitText(wait, about);
    const isQuorum = wait.kind === "quorum";
    const missing = isQuorum ? wait.requiredCount - wait.onlineCount : null;
    return {
      ...{ kind: wait.kind, message, releasedBy },
      count: countOf(wait) ?? missing,
      since: rfc3339OrNull(sinceOf(wait, about)),
      until: rfc3339OrNull(untilOf(wait)),
      examples: wait.kind === "budget" ? holderItems(wait) : isQuorum ? absentees(group) : [],
    };
  });
  const ofRuns = group.runs.map((wait): ExplainedWait => {
    const { message, releasedBy } = runWaitText(wait, about);
    const { kind, count, since, until } = wait;
    return {
      ...{ kind, message, releasedBy, count },
      since: rfc3339OrNull(since),
      until: rfc3339OrNull(until),
      examples: wait.examples.map((example) => ({
        nodeId: example.nodeId,
        nodeName: example.nodeName,
        runId: example.runId,
        since: rfc3339OrNull(example.since),
        message: exampleText(example),
      })),
    };
  });
  return [...ofGroup, ...ofRuns];
}

function countOf(wait: RolloutWait): number | null {
  if (wait.kind === "budget") return wait.waitingCount;
  return "openCount" in wait ? wait.openCount : null;
}

function sinceOf(wait: RolloutWait, about: WaitedGroup): number | null {
  if (wait.kind === "budget") return wait.since;
  return wait.kind === "paused" ? about.pausedAt : null;
}

function holderItems({ holders }: BudgetHold): WaitExample[] {
  return holders.map(({ nodeId, nodeName, runId, jobName, instanceId }) => ({
    ...{ nodeId, nodeName, runId, since: null },
    message: `of job "${jobName}" (instance ${instanceId}) uses it`,
  }));
}

function untilOf(wait: RolloutWait): number | null {
  switch (wait.kind) {
    case "quorum":
      return wait.deadlineAt;
    case "soak":
      return wait.soakUntil;
    case "presence":
      return wait.until;
    case "paused":
    case "barrier":
    case "budget":
    case "window":
    case "last-runs":
    case "stopping":
    case "earlier-group":
      return null;
  }
}

function absentees({ absentNodes }: GroupWaits): WaitExample[] {
  return absentNodes.map(({ nodeId, nodeName, offlineSince, enrollmentLevel }) => ({
    nodeId,
    nodeName,
    runId: null,
    since: rfc3339OrNull(offlineSince),
    message: absence(offlineSince, enrollmentLevel === "admitted"),
  }));
}

function absence(offlineSince: number | null, isUnapproved: boolean): string {
  if (isUnapproved) return "waits for approval: courier-cli management node approve-node";
  return offlineSince === null ? "has never been online" : "offline";
}

/** One line: what an open instance waits for, or how an ended one came to its end. */
function instanceSummary(instance: InstanceRow, groups: readonly ExplainedGroup[]): string {
  if (isInstanceFinal(instance.status)) return endSummary(instance, groups);
  const open = groups.filter(({ status }) => !isGroupFinal(status));
  const lines = open
    .filter(({ summary }) => summary !== "")
    .map(({ groupNumber, summary }) => `group ${groupNumber}: ${summary}`);
  const shown = lines.slice(0, summarisedGroupsMax);
  const more =
    lines.length > shown.length
      ? [`and ${counted(lines.length - shown.length, "more group")}`]
      : [];
  return lines.length === 0 ? "nothing is in its way" : [...shown, ...more].join(" | ");
}

/** Groups that a summary names. */
const summarisedGroupsMax = 3;

function endSummary(instance: InstanceRow, groups: readonly ExplainedGroup[]): string {
  const unsuccessful = groups.filter(({ status }) => status !== "success" && status !== "skipped");
  const why = unsuccessful.slice(0, summarisedGroupsMax).map((group) => {
    const [first] = group.failures;
    const failure = first === undefined ? "" : ` (${first.message})`;
    return `group ${group.groupNumber} ${group.status}: ${group.reason}${failure}`;
  });
  const reason = instance.reason === "" ? [] : [instance.reason];
  return [instance.status, ...reason, ...why].join(" | ");
}
