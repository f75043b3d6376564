import type {
  ExplainedCriterion,
  ExplainedGroup,
  ExplainedInstance,
  ExplainedWait,
  FirstFailure,
  FoldedFailure,
  WaitExample,
} from "@courier/schema";

import type { Paint } from "./color.ts";
import { visibleText } from "./text-width.ts";

/** An explanation as text for people: the summary, then each group with what it waits for or why it ended so. */
export function renderExplanation(item: ExplainedInstance, paint: Paint): string {
  const lines = [
    `instance ${item.instanceId} of job "${visibleText(item.jobName)}": ${paint(item.status, item.status)}`,
    ...(item.summary === item.status ? [] : [visibleText(item.summary)]),
    ...(item.isPartial
      ? [
          "more runs are in flight than explain looks at: its numbers of them are lower bounds, get-instance has the exact counts",
        ]
      : []),
    ...item.groups.flatMap((group) => ["", ...groupLines(group, paint)]),
  ];
  return `${lines.join("\n")}\n`;
}

function groupLines(group: ExplainedGroup, paint: Paint): string[] {
  const { groupNumber, status, reason, nodeCount } = group;
  const why = reason === "" ? "" : `: ${visibleText(reason)}`;
  const hasEnded = ["success", "failure", "skipped", "canceled"].includes(status);
  return [
    `group ${groupNumber} (${nodeCount} ${nodeCount === 1 ? "node" : "nodes"}): ${paint(status, status)}${why}`,
    ...group.waits.flatMap(waitLines),
    ...(hasEnded || group.failures.length > 0 ? group.criteria.map(criterionLine) : []),
    ...group.failures.map(failureLine),
    ...(group.unfoldedCount === 0
      ? []
      : [`  and ${group.unfoldedCount} more failed: in further ways, or later than explain looks`]),
    ...firstFailureLines(group.firstFailures),
  ];
}

function waitLines(wait: ExplainedWait): string[] {
  return [
    `  ${wait.kind}: ${visibleText(wait.message)}`,
    ...wait.examples.map(exampleLine),
    ...hiddenLine(wait),
    `    released by: ${visibleText(wait.releasedBy)}`,
  ];
}

function exampleLine({ nodeName, nodeId, runId, since, message }: WaitExample): string {
  const name = nodeName === "" ? nodeId : nodeName;
  const run = runId === null ? "" : ` run ${runId}`;
  const detail = message === "" ? "" : ` ${message}`;
  return `    - ${visibleText(`${name}:${run}${detail}`)}${since === null ? "" : `, since ${since}`}`;
}

/** Examples of a budget are the runs that use it, its count those that wait for it. */
function hiddenLine({ kind, count, examples }: ExplainedWait): string[] {
  if (kind === "budget") return [];
  const hidden = (count ?? 0) - examples.length;
  return examples.length === 0 || hidden <= 0 ? [] : [`    - and ${hidden} more`];
}

function criterionLine({ standing, message }: ExplainedCriterion): string {
  return `  criterion ${standing}: ${message}`;
}

function failureLine({ message, nodeNames, count }: FoldedFailure): string {
  const hidden = count - nodeNames.length;
  const names = `${nodeNames.join(", ")}${hidden > 0 ? `, … and ${hidden} more` : ""}`;
  return `  ${visibleText(`${message} (${names})`)}`;
}

function firstFailureLines(failures: readonly FirstFailure[]): string[] {
  if (failures.length === 0) return [];
  const lines = failures.map(
    ({ finishedAt, nodeName, nodeId, runId, status }) =>
      `    ${finishedAt} ${visibleText(nodeName === "" ? nodeId : nodeName)} ${status}, run ${runId}`,
  );
  return ["  first failures:", ...lines];
}
