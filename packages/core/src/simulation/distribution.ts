/** How a number is spread over rounds. */
export interface Distribution {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Percentiles by nearest rank: each is a value that occurred. At least one value is needed. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: atRank(sorted, 0.5), p95: atRank(sorted, 0.95), max: atRank(sorted, 1) };
}

function atRank(sorted: readonly number[], fraction: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0;
}
