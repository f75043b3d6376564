// The stages of `npm test`, in order. A stage is a list of commands, or one vitest suite.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top directory. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where each stage's full output is kept until the next run. */
export const logDirectory = join(root, ".courier", "test-logs");

const tool = (name, ...args) => [join(root, "node_modules", ".bin", name), ...args];
const node = (...args) => [process.execPath, ...args];

/** `needs` names the file or the test directory without which the stage has nothing to run. */
export const stages = [
  { name: "format", limitSeconds: 120, commands: [tool("oxfmt", "--check")] },
  {
    name: "types",
    limitSeconds: 600,
    commands: [tool("tsc", "-b"), tool("tsc", "-p", "test/tsconfig.json")],
  },
  // After the types: the linter sees through an import of another package only when that is built.
  {
    name: "lint",
    limitSeconds: 300,
    commands: [tool("oxlint", "--type-aware", "--deny-warnings")],
  },
  { name: "deadcode", limitSeconds: 300, commands: [tool("knip", "--no-config-hints")] },
  {
    name: "generated",
    limitSeconds: 120,
    needs: "schemas/generate.mjs",
    commands: [node("schemas/generate.mjs", "--check")],
  },
  {
    name: "build",
    limitSeconds: 600,
    commands: [tool("tsc", "-b", "--force"), node("test/run/import-built.mjs")],
  },
  { name: "architecture", limitSeconds: 300, suite: true, needs: "test/architecture.test.ts" },
  { name: "unit", limitSeconds: 900, suite: true, needs: "packages" },
  { name: "conformance", limitSeconds: 900, suite: true, needs: "test/conformance" },
  { name: "integration", limitSeconds: 1_200, suite: true, needs: "test/integration" },
  { name: "simulation", limitSeconds: 1_200, suite: true, needs: "test/simulation" },
  { name: "e2e", limitSeconds: 2_400, suite: true, needs: "test/e2e" },
  { name: "examples", limitSeconds: 900, suite: true, needs: "test/examples" },
  {
    name: "bench",
    limitSeconds: 900,
    needs: "test/bench/run.mjs",
    commands: [node("test/bench/run.mjs", "--smoke")],
  },
];
