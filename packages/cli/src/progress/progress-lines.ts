import type { ExplainedInstance, InstanceDetail, InstanceGroup, RunCounts } from "@courier/schema";

import type { Paint } from "../render/color.ts";
import { cutText, textWidth, visibleText, wrapText } from "../render/text-width.ts";

/** What the display knows beside the instance itself. */
export interface ProgressView {
  /** The last that was heard; undefined: nothing yet. */
  readonly explanation?: ExplainedInstance | undefined;
  /** Unix time, ms. */
  readonly now: number;
  /** When watching began, and how many runs of each group had ended by then: the base of the estimate. */
  readonly since: number;
  readonly endedAtStart: readonly number[];
  readonly width: number;
  /** Lines that fit; groups that have not ended are preferred. */
  readonly height: number;
  readonly isUnicode: boolean;
  readonly paint: Paint;
}

/** The live display: one line for the instance, one per group, and what has failed, for which a third is kept free. */
export function progressLines(item: InstanceDetail, view: ProgressView): readonly string[] {
  const failures = failureLines(view.explanation).flatMap((line) =>
    wrapText(line, view.width, "    "),
  );
  const height = view.height - 1;
  const groups = chooseGroups(item.groups, height - Math.min(failures.length, height / 3));
  const hidden = item.groups.filter((group) => !groups.includes(group));
  let room = Math.max(0, height - groups.length - Math.sign(hidden.length));
  const lines = groups.flatMap((group) => {
    const own = groupLines(group, view, room);
    room -= own.length - 1;
    return own;
  });
  return [
    instanceLine(item, view),
    ...lines,
    ...hiddenLine(hidden, view),
    ...failures.slice(0, room),
  ];
}

/** Failures that are the same, as one line each: `17 nodes: step 1 "fill": exit code 1, 'no space left' (web-1, web-2, …)`. */
export function failureLines(explanation: ExplainedInstance | undefined): readonly string[] {
  const groups = explanation?.groups ?? [];
  return groups.flatMap(({ groupNumber, failures, unfoldedCount }) => {
    const where = groups.length > 1 ? `group ${groupNumber}: ` : "";
    const folds = failures.slice(0, failureLinesMax).map(({ message, nodeNames, count }) => {
      const more = count > nodeNames.length ? ", …" : "";
      return visibleText(`  ${where}${message} (${nodeNames.join(", ")}${more})`);
    });
    const folded = failures.slice(failureLinesMax).reduce((sum, { count }) => sum + count, 0);
    const rest = folded + unfoldedCount;
    return rest === 0 ? folds : [...folds, `  ${where}${rest} more failed`];
  });
}

/** The runs of a group that have ended. */
export function endedCount(counts: RunCounts): number {
  return outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/** Counts by outcome, all groups together, without zeros: `2 success, 1 failure`. */
export function summariseOutcomes(groups: readonly InstanceGroup[]): string {
  const parts = shownCounts.flatMap((name) => {
    const count = groups.reduce((sum, group) => sum + group.counts[name], 0);
    return count === 0 ? [] : [`${count} ${name === "dispatched" ? "in flight" : name}`];
  });
  return parts.length === 0 ? "no runs" : parts.join(", ");
}

/** `1:05` or `1:02:03`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const outcomes = [
  "success",
  "failure",
  "timeout",
  "canceled",
  "skipped",
  "undeliverable",
  "unknown",
] as const satisfies readonly (keyof RunCounts)[];

const shownCounts = [...outcomes, "dispatched", "pending"] as const;

/** Width of a bar, and on a terminal that is narrower than `roomyWidth`; the same for all groups. */
const barWidth = 24;
const narrowBarWidth = 12;
const roomyWidth = 100;

/** Kinds of failure that are shown for each group. */
const failureLinesMax = 5;

function instanceLine(item: InstanceDetail, view: ProgressView): string {
  const started = Date.parse(item.startedAt ?? item.createdAt);
  const ended = item.finishedAt === null ? view.now : Date.parse(item.finishedAt);
  const text = `instance ${item.id} `;
  const tail = `${item.status}  ${formatDuration(ended - started)}`;
  const cut = cutText(text + tail, view.width);
  return cut.replace(item.status, view.paint(item.status, item.status));
}

/** One line, and where the words for its wait do not fit into it, up to `room` more for them. */
function groupLines(group: InstanceGroup, view: ProgressView, room: number): readonly string[] {
  const ended = endedCount(group.counts);
  const share = group.nodeCount === 0 ? 1 : ended / group.nodeCount;
  const name = `group ${group.groupNumber}`;
  const numbers = [
    `${ended}/${group.nodeCount}`,
    `${group.status}:`,
    summariseOutcomes([group]),
    ...elapsed(group, view),
  ];
  const waits = describeWait(group, view);
  const rest = estimate(group, ended, view);
  const head = [name, bar(share, view), ...numbers];
  const whole = [...head, ...waits, ...rest].join(" ");
  const isSplit = textWidth(whole) > view.width && room > 0 && waits.length > 0;
  const first = isSplit ? [...head, ...rest].join(" ") : whole;
  const more = isSplit ? wrapText(`  ${waits.join(" ")}`, view.width, "   ") : [];
  const [line = "", ...others] = cutLines(
    [...wrapText(first, view.width, "  "), ...more],
    room + 1,
  );
  const status = `${group.status}:`;
  return [line.replace(status, `${view.paint(group.status, group.status)}:`), ...others];
}

function elapsed(
  { startedAt, finishedAt }: InstanceGroup,
  { now }: ProgressView,
): readonly string[] {
  if (startedAt === null) return [];
  const end = finishedAt === null ? now : Date.parse(finishedAt);
  return [formatDuration(end - Date.parse(startedAt))];
}

/** What explain says, in short; a group that only executes needs no words. */
function shortWait(
  { groupNumber, finishedAt, status }: InstanceGroup,
  explanation: ExplainedInstance | undefined,
): readonly string[] {
  if (finishedAt !== null) return [];
  const explained = explanation?.groups.find((one) => one.groupNumber === groupNumber);
  // An explanation is older than the instance: what it says of a group that has moved on since is over.
  if (explained === undefined || explained.status !== status) return [];
  return explained.summary === "" ? [] : [`(${explained.summary})`];
}

/** What keeps it back: `soaking 0:42 after batch 2`. */
function describeWait(group: InstanceGroup, { now, explanation }: ProgressView): readonly string[] {
  if (group.heldAt !== null && explanation === undefined) return ["some wait for a budget"];
  if (group.soakUntil === null) return shortWait(group, explanation);
  const left = formatDuration(Date.parse(group.soakUntil) - now);
  return [`soaking ${left} after batch ${group.batchNumber ?? 0}`];
}

/** The first lines; that there were more shows at the end of the last. */
function cutLines(lines: readonly string[], max: number): readonly string[] {
  const last = lines[max - 1];
  if (lines.length <= max || last === undefined) return lines;
  return [...lines.slice(0, max - 1), cutText(`${last} …`, textWidth(last))];
}

function bar(share: number, view: ProgressView): string {
  const width = view.width < roomyWidth ? narrowBarWidth : barWidth;
  const full = Math.floor(Math.min(1, share) * width);
  const [done, open] = view.isUnicode ? ["█", "░"] : ["#", "-"];
  return `[${(done ?? "").repeat(full)}${(open ?? "").repeat(width - full)}]`;
}

/** Linear, from what has ended since watching began, or since the group did; silent until there is something to go by. */
function estimate(group: InstanceGroup, ended: number, view: ProgressView): readonly string[] {
  const fresh = ended - (view.endedAtStart[group.groupNumber] ?? 0);
  const remaining = group.nodeCount - ended;
  if (group.status !== "running" || fresh <= 0 || remaining <= 0) return [];
  const since = Math.max(view.since, Date.parse(group.startedAt ?? "") || 0);
  return [`ETA ${formatDuration(((view.now - since) / fresh) * remaining)}`];
}

/** Groups at work before those that have failed, and these before the others; shown in their own order. */
function chooseGroups(groups: readonly InstanceGroup[], room: number): readonly InstanceGroup[] {
  if (groups.length <= room) return groups;
  return groups
    .toSorted((left, right) => urgency(right) - urgency(left))
    .slice(0, Math.max(1, Math.floor(room) - 1))
    .toSorted((left, right) => left.groupNumber - right.groupNumber);
}

function urgency({ status }: InstanceGroup): number {
  if (status === "running" || status === "waiting") return 2;
  return status === "failure" ? 1 : 0;
}

/** `… and 18 more groups: 12 success, 6 pending`. */
function hiddenLine(hidden: readonly InstanceGroup[], { width }: ProgressView): readonly string[] {
  if (hidden.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { status } of hidden) counts.set(status, (counts.get(status) ?? 0) + 1);
  const parts = [...counts].map(([status, count]) => `${count} ${status}`);
  const noun = hidden.length === 1 ? "group" : "groups";
  return [cutText(`… and ${hidden.length} more ${noun}: ${parts.join(", ")}`, width)];
}
