/** A group's runs by where they stand. What is in none of these is pending. */
export interface RunCounts {
  /** Dispatched or running. */
  readonly inFlight: number;
  readonly success: number;
  readonly failure: number;
  readonly timeout: number;
  readonly canceled: number;
  readonly skipped: number;
  readonly undeliverable: number;
  readonly unknown: number;
}

/** Counts of a group in which nothing has happened. */
export const noRuns: RunCounts = {
  inFlight: 0,
  success: 0,
  failure: 0,
  timeout: 0,
  canceled: 0,
  skipped: 0,
  undeliverable: 0,
  unknown: 0,
};

/** Runs that ended without success although something was meant to run: what `status: failure` criteria count. */
export function failedCount(counts: RunCounts): number {
  return counts.failure + counts.timeout + counts.undeliverable + counts.unknown + counts.canceled;
}

/** Runs that have ended, in whatever way. */
export function endedCount(counts: RunCounts): number {
  return failedCount(counts) + counts.success + counts.skipped;
}

/** Runs that nothing has been decided about yet. */
export function pendingCount(counts: RunCounts, nodeCount: number): number {
  return nodeCount - counts.inFlight - endedCount(counts);
}

// Object.keys widens to string[]; noRuns has exactly the keys of RunCounts.
/** The names of all counts. */
export const runCountNames = Object.keys(noRuns) as readonly (keyof RunCounts)[];

/** Counts with others added, which may be negative. */
export function addCounts(counts: RunCounts, added: Partial<RunCounts>): RunCounts {
  const sums: { -readonly [Name in keyof RunCounts]: number } = { ...counts };
  for (const name of runCountNames) sums[name] += added[name] ?? 0;
  return sums;
}
