/** A number of nodes or runs, absolute or in percent of a group's nodes. */
export interface Amount {
  readonly type: "number" | "percent";
  readonly value: number;
}

/** Absorbs binary fractions: 7 % of 100 is 7, not 7.000000000000001. */
const fractionTolerance = 1e-9;

/** Resolves an amount against a group's node count; percentages are rounded in the named direction. */
export function resolveAmount(amount: Amount, nodeCount: number, rounding: "up" | "down"): number {
  if (amount.type === "number") return amount.value;
  const exact = (nodeCount * amount.value) / 100;
  return rounding === "up"
    ? Math.max(0, Math.ceil(exact - fractionTolerance))
    : Math.floor(exact + fractionTolerance);
}

/** How many runs may be in flight: percent rounded up, at least 1, absent means all nodes (semantics.md section 4). */
export function resolveBatchSize(amount: Amount | undefined, nodeCount: number): number {
  if (amount === undefined) return Math.max(1, nodeCount);
  return Math.max(1, resolveAmount(amount, nodeCount, "up"));
}
