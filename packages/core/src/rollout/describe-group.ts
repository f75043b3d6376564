import { counted } from "../text/counted.ts";
import type { GroupRules } from "./group-rules.ts";
import { describeThresholds } from "./group-thresholds.ts";
import { listBatches } from "./list-batches.ts";

/** Everything that a group's rules mean for its node count, one sentence each; the subject of all is the group. */
export function describeGroup(rules: GroupRules, nodeCount: number): readonly string[] {
  const { sentences } = describeThresholds(rules, nodeCount);
  if (nodeCount === 0) return sentences;
  return [
    describePace(rules, nodeCount),
    ...describeQuorum(rules, nodeCount),
    ...sentences,
    ...describeTimeout(rules),
  ];
}

function describePace(rules: GroupRules, nodeCount: number): string {
  if (nodeCount === 1) return "runs on its only node";
  const [size, ...more] = rules.batchSizes;
  if (size >= nodeCount) return `runs on all ${nodeCount} nodes at once`;
  if (rules.distributionMethod === "rolling") {
    return `keeps ${size} of ${nodeCount} running: as one ends, the next one starts`;
  }
  const batches = listBatches(rules, nodeCount).map(({ count }) => count);
  const sizes = more.length === 0 ? evenSizes(size, batches) : rampSizes(batches);
  const wait = rules.soakMs === 0 ? "" : ` and ${rules.soakMs / 1000} s have passed (soakSeconds)`;
  return `runs in ${counted(batches.length, "batch").replace(/batchs$/, "batches")} of ${sizes}: the next one starts when all of one have ended${wait}`;
}

function evenSizes(size: number, batches: readonly number[]): string {
  const last = batches.at(-1) ?? 0;
  return last === size ? `${size}` : `${size}, the last one of ${last}`;
}

/** As many sizes as a line holds. */
function rampSizes(batches: readonly number[]): string {
  const shownMax = 8;
  const shown = batches.slice(0, shownMax).join(", ");
  return batches.length > shownMax ? `${shown}, …` : shown;
}

function describeQuorum(rules: GroupRules, nodeCount: number): readonly string[] {
  const { minReadyCount, timeoutMs } = rules;
  if (minReadyCount === 0) return [];
  if (minReadyCount > nodeCount) {
    return [`fails at once: ${minReadyCount} must be online, and it has ${nodeCount}`];
  }
  const limit =
    timeoutMs === 0 ? "without a limit" : `for ${timeoutMs / 1000} s at most, then fails`;
  return [`waits until ${minReadyCount} of ${nodeCount} are online (minReady), ${limit}`];
}

function describeTimeout({ timeoutMs }: GroupRules): readonly string[] {
  if (timeoutMs === 0) return ["has no limit of time (timeoutSeconds: 0)"];
  return [
    `has ${timeoutMs / 1000} s from its first start on: what still runs then is stopped, what has not started is skipped`,
  ];
}

/** Nodes that cannot be given a run now, by what would have to happen. */
export interface AbsentCounts {
  readonly offlineCount: number;
  /** Admitted, and not approved yet. */
  readonly unapprovedCount: number;
}

/** What nodes of a group that cannot be given a run now mean for it, a sentence for each reason there is. */
export function describeAbsent(rules: GroupRules, counts: AbsentCounts): readonly string[] {
  const { offlineCount, unapprovedCount } = counts;
  const areOffline = offlineCount === 1 ? "is offline" : "are offline";
  const areUnapproved = unapprovedCount === 1 ? "waits for approval" : "wait for approval";
  return [
    ...describeAbsence(rules, { count: offlineCount, state: areOffline }),
    ...describeAbsence(rules, {
      count: unapprovedCount,
      state: `${areUnapproved} (courier-cli management node approve-node)`,
    }),
  ];
}

function describeAbsence(
  rules: GroupRules,
  { count, state }: { readonly count: number; readonly state: string },
): readonly string[] {
  if (count === 0) return [];
  const [each, them] = count === 1 ? ["its run", "it"] : ["their runs", "them"];
  return [`${counted(count, "node")} ${state}: ${consequence(rules, each, them)}`];
}

function consequence(rules: GroupRules, each: string, them: string): string {
  switch (rules.offlinePolicy) {
    case "fail":
      return `${each} would end undeliverable, which counts as failed (offlinePolicy: fail)`;
    case "skip":
      return `${each} would be skipped (offlinePolicy: skip)`;
    case "wait":
      return `the group waits for ${them} ${waitLimit(rules)} (offlinePolicy: wait)`;
  }
}

function waitLimit({ timeoutMs }: GroupRules): string {
  return timeoutMs === 0 ? "without a limit" : `until its ${timeoutMs / 1000} s are over`;
}
