import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@courier/source", "node", "import", "default"] } },
  resolve: { conditions: ["@courier/source", "node", "import", "default"] },
  test: {
    include: ["packages/*/src/**/*.test.ts"],
    sequence: { shuffle: true },
    testTimeout: 30_000,
  },
});
