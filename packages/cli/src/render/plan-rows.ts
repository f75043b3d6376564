import { counted, listSome } from "@courier/core";
import type { PlanGroup, PlanResponse } from "@courier/schema";
import { planBatchesShown, planNodesShown } from "../limits.ts";
import { renderDetail } from "./error.ts";
import type { Column } from "./table.ts";

type Plan = PlanResponse["item"];

/** A plan of a template in this file as rows; their number does not grow with the fleet. */
export function planRows(plan: Plan, file: string): readonly Column<Plan>[] {
  const order = plan.executionType === "parallel" ? "at once" : "one after the other";
  const groups = counted(plan.groups.length, "group");
  const { estimates, blocked_by_exceptions: blocked, notes } = plan.schedule;
  return [
    row("plan", plan.hash),
    row("job", `${plan.name} (${plan.scheduleRule})`),
    row(
      "nodes",
      `${plan.nodeCount} in ${groups}${plan.groups.length > 1 ? `, ${order}` : ""}, ${counted(plan.runCount, "run")}`,
    ),
    ...plan.groups.flatMap(groupRows),
    ...rows("next", estimates.length === 0 ? ["never"] : estimates),
    ...rows(
      "blocked",
      cut(
        blocked.map(({ time, reason }) => `${time} ${reason}`),
        planBatchesShown,
      ),
    ),
    ...rows("note", notes),
    ...rows(
      "warning",
      plan.warnings.map((warning) => renderDetail(warning, file)),
    ),
  ];
}

function groupRows(group: PlanGroup): readonly Column<Plan>[] {
  const { groupNumber, nodeCount, onlineCount, nodeListType, nodes } = group;
  const counts = [counted(nodeCount, "node"), `${onlineCount} online`, ...unapproved(nodes)];
  const head = `${counts.join(", ")} (${nodeListType})`;
  return [
    ...rows(`group ${groupNumber}`, [head, ...group.meaning]),
    ...rows("  batches", cut(batchLines(group), planBatchesShown)),
  ];
}

function batchLines({ batches, nodes, windowSize }: PlanGroup): readonly string[] {
  if (nodes.length === 0) return [];
  if (windowSize !== null) return [`in this order: ${namesOf(nodes)}`];
  let from = 0;
  return batches.map(({ batchNumber, nodeCount, onlineCount, atOnceCount }) => {
    const members = nodes.slice(from, from + nodeCount);
    from += nodeCount;
    const offline = nodeCount - onlineCount - unapprovedCount(members);
    const notes = [
      ...(offline === 0 ? [] : [`${offline} offline`]),
      ...unapproved(members),
      ...(atOnceCount === nodeCount ? [] : [`${atOnceCount} at once`]),
    ];
    return `${batchNumber}: ${namesOf(members)}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
  });
}

/** How many wait for approval; nothing when none does. */
function unapproved(nodes: PlanGroup["nodes"]): readonly string[] {
  const count = unapprovedCount(nodes);
  return count === 0 ? [] : [`${count} ${count === 1 ? "waits" : "wait"} for approval`];
}

function unapprovedCount(nodes: PlanGroup["nodes"]): number {
  return nodes.filter(({ enrollmentLevel }) => enrollmentLevel === "admitted").length;
}

function namesOf(nodes: PlanGroup["nodes"]): string {
  return listSome(
    nodes.map(({ name }) => name),
    planNodesShown,
  );
}

/** The first lines, and how many more there are. */
function cut(lines: readonly string[], max: number): readonly string[] {
  const more = lines.length - max;
  return more > 0 ? [...lines.slice(0, max), `… and ${more} more`] : lines;
}

/** The first line carries the header. */
function rows(header: string, lines: readonly string[]): readonly Column<Plan>[] {
  return lines.map((line, index) => row(index === 0 ? header : "", line));
}

function row(header: string, text: string): Column<Plan> {
  return { header, value: () => text };
}
