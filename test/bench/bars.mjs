// What the figures are held against: `bar` must be met, `want` is what we aim for.

const atMost = (unit, bar, want) => ({
  unit,
  bar,
  want,
  isBetter: (value, limit) => value <= limit,
});
const atLeast = (unit, bar, want) => ({
  unit,
  bar,
  want,
  isBetter: (value, limit) => value >= limit,
});

/** Every figure that can be reported. */
export const bars = {
  "dispatch-latency-p50": atMost("ms", 15, 5),
  "dispatch-latency-p99": atMost("ms", 50, 15),
  "fan-out-sqlite": atLeast("runs/s", 3_000, 10_000),
  "fan-out-postgres": atLeast("runs/s", 3_000, 10_000),
  "server-cpu-per-run-sqlite": atMost("ms", 1, 0.3),
  "server-cpu-per-run-postgres": atMost("ms", 1, 0.3),
  "process-fan-out-of-spawn-rate": atLeast("%", 50, 75),
  "memory-per-idle-node": atMost("KiB", 20, 10),
  "cost-per-run-100k-over-10k": atMost("ratio", 1.3, 1.05),
  "list-runs-page-p99": atMost("ms", 30, 10),
  "restart-to-first-new-dispatch": atMost("s", 3, 1),
  "restart-to-first-pending-dispatch": atMost("s", 3, 1),
  "idle-rss-server": atMost("MiB", 150, 90),
  "idle-rss-runner": atMost("MiB", 80, 50),
  "filter-by-tag-sqlite": atMost("ms", 50, 10),
  "filter-by-tag-postgres": atMost("ms", 50, 10),
  "filter-by-expression-sqlite": atMost("ms", 1_000, 300),
  "filter-by-expression-postgres": atMost("ms", 1_000, 300),
  "schedule-lateness-p99-sqlite": atMost("ms", 250, 100),
  "schedule-lateness-p99-postgres": atMost("ms", 250, 100),
  "schedule-pass-100k-over-1k-sqlite": atMost("ratio", 1.1, 1.05),
  "schedule-pass-100k-over-1k-postgres": atMost("ratio", 1.1, 1.05),
  "cli-start": atMost("ms", 150, 150),
};
