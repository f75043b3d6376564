// CLI start-up: how long a person waits for `courier-cli --version`, process start included.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { root } from "./stack.mjs";
import { median, percentile, rounded } from "./statistics.mjs";

const cliBin = join(root, "packages", "cli", "bin", "courier-cli.js");

export async function run({ isSmoke, report }) {
  const count = isSmoke ? 1 : 30;
  const samples = timed(count, [cliBin, "--version"]);
  const bare = timed(count, ["-e", "0"]);
  report("cli-start", median(samples), {
    samples: count,
    detail: {
      p99Ms: rounded(percentile(samples, 0.99)),
      nodeAloneMs: rounded(median(bare)),
    },
  });
}

function timed(count, args) {
  return Array.from({ length: count }, () => {
    const before = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const tookMs = performance.now() - before;
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
    return tookMs;
  });
}
