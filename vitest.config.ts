import { defineConfig, type TestProjectConfiguration } from "vitest/config";

interface Suite {
  readonly name: string;
  readonly include: readonly string[];
  /** Of one test: ends what hangs, and is far above what the slowest test takes on a busy machine. */
  readonly timeoutMs: number;
  /** Test files run at once. Suites that start processes take one: two cores are all we count on. */
  readonly workers: 1 | 2;
}

const suites: readonly Suite[] = [
  { name: "unit", include: ["packages/*/src/**/*.test.ts"], timeoutMs: 120_000, workers: 2 },
  { name: "architecture", include: ["test/architecture.test.ts"], timeoutMs: 120_000, workers: 1 },
  {
    name: "conformance",
    include: ["test/conformance/**/*.test.ts"],
    timeoutMs: 60_000,
    workers: 2,
  },
  {
    name: "integration",
    include: ["test/integration/**/*.test.ts"],
    timeoutMs: 120_000,
    workers: 1,
  },
  { name: "simulation", include: ["test/simulation/**/*.test.ts"], timeoutMs: 600_000, workers: 2 },
  { name: "e2e", include: ["test/e2e/**/*.test.ts"], timeoutMs: 600_000, workers: 1 },
  { name: "examples", include: ["test/examples/**/*.test.ts"], timeoutMs: 300_000, workers: 1 },
];

// Node gets these for `require` too, so that "import" must not be among them: pg would mix its two module formats.
const conditions = ["@courier/source", "node"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  resolve: { conditions },
  test: {
    sequence: { shuffle: true },
    projects: suites.map(toProject),
  },
});

function toProject(suite: Suite, position: number): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: suite.name,
      include: [...suite.include],
      testTimeout: suite.timeoutMs,
      hookTimeout: suite.timeoutMs,
      maxWorkers: suite.workers,
      fileParallelism: suite.workers > 1,
      sequence: { shuffle: true, groupOrder: position },
    },
  };
}
