/** A number of nodes or runs, absolute or in percent of a group's nodes. */
export interface Amount {
  readonly type: "number" | "percent";
  readonly value: number;
}

/** Sizes of one batch after the other, each a number or a text such as `"10%"`; the last one repeats. */
export interface Ramp {
  readonly type: "ramp";
  readonly value: readonly (number | string)[];
}

/** How many nodes at a time. */
export type BatchSize = Amount | Ramp;

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

/**
 * The sizes of a group's batches in order, the last one repeats: one size for all of them, or the entries of a ramp.
 * Each entry is the size of its own batch, not a share reached so far (semantics.md section 4).
 */
export function resolveBatchSizes(
  size: BatchSize | undefined,
  nodeCount: number,
): readonly [number, ...number[]] {
  if (size?.type !== "ramp") return [resolveBatchSize(size, nodeCount)];
  const [first, ...more] = size.value.map((entry) =>
    resolveBatchSize(readAmount(entry), nodeCount),
  );
  return [first ?? Math.max(1, nodeCount), ...more];
}

/** Reads the short spelling of an amount: `5` is a number, `"10%"` a percentage. The schema has checked the text. */
export function readAmount(entry: number | string): Amount {
  if (typeof entry === "number") return { type: "number", value: entry };
  return { type: "percent", value: Number(entry.replace("%", "")) };
}
