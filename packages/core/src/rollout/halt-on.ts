import { resolveAmount, type Amount } from "./amount.ts";
import type { RunCounts } from "./run-counts.ts";

/** What a group may halt on; each is counted for itself. */
export type HaltKind = "failure" | "unreachable" | "timeout";

/** How many runs of each kind halt a group: it halts on the n-th. */
export type HaltOn = Readonly<Partial<Record<HaltKind, Amount>>>;

/** Every kind, in the order in which they are looked at. */
export const haltKinds: readonly HaltKind[] = ["failure", "unreachable", "timeout"];

/**
 * The count at which a group halts: the number itself, or the smallest count that is at least so many percent of the group's
 * node count (rounded up). Never below 1.
 */
export function haltsAt(amount: Amount, nodeCount: number): number {
  return Math.max(1, resolveAmount(amount, nodeCount, "up"));
}

/** A kind of which so many runs have ended that the group halts, in words; undefined while there is none. */
export function findHalt(haltOn: HaltOn, counts: RunCounts, nodeCount: number): string | undefined {
  for (const kind of haltKinds) {
    const amount = haltOn[kind];
    if (amount === undefined) continue;
    const count = haltCount(kind, counts);
    const limit = haltsAt(amount, nodeCount);
    if (count >= limit) return describeHalt(kind, { amount, count, limit, nodeCount });
  }
  return undefined;
}

/** How many runs of a group count towards a kind. What people cancelled and what was skipped counts towards none. */
function haltCount(kind: HaltKind, counts: RunCounts): number {
  return kind === "unreachable" ? counts.undeliverable + counts.unknown : counts[kind];
}

const words = {
  failure: "failed",
  unreachable: "unreachable",
  timeout: "timed out",
} as const satisfies Record<HaltKind, string>;

function describeHalt(
  kind: HaltKind,
  reached: {
    readonly amount: Amount;
    readonly count: number;
    readonly limit: number;
    readonly nodeCount: number;
  },
): string {
  const { amount, count, limit, nodeCount } = reached;
  const share = amount.type === "percent" ? ` (${amount.value} % of ${nodeCount} nodes)` : "";
  return `haltOn.${kind}: ${count} of ${nodeCount} nodes ${words[kind]}, the group halts at ${limit}${share}`;
}
