// The few statistics that the benchmarks need, and a wall clock that is finer than a millisecond.

/** The smallest sample that `share` (0..1) of all samples do not exceed (nearest rank). */
export function percentile(samples, share) {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The sample in the middle. */
export function median(samples) {
  return percentile(samples, 0.5);
}

/** The value with at most three digits after the point. */
export function rounded(value) {
  return Math.round(value * 1000) / 1000;
}

/**
 * A function that tells Unix time in ms with microseconds. `Date.now()` is exact when it ticks, `performance.now()` is
 * fine-grained: tied together anew for each sample, so that a clock that is being corrected does not drift away.
 */
export function fineClock() {
  const before = Date.now();
  let tick = before;
  while (tick === before) tick = Date.now();
  const offset = tick - performance.now();
  return () => performance.now() + offset;
}
