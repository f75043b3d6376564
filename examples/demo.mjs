// `npm run demo`: installs, builds, starts a server and three nodes, runs the three hello jobs, shows what was recorded,
// stops everything. `npm start`: the same stack, kept running. Plain Node without dependencies: it runs before `npm ci`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { prepare } from "./demo/prepare.mjs";
import { showInstance } from "./demo/show.mjs";
import { Stack } from "./demo/stack.mjs";

const jobs = ["hello.json", "hello.yaml", "hello.toml"];
const shouldKeepRunning = process.argv.includes("--keep-running");

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  await prepare();
  const directory = mkdtempSync(join(tmpdir(), "courier-demo-"));
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  }
  const stack = new Stack(directory, interrupted.signal);
  try {
    await stack.start();
    if (shouldKeepRunning) await keepRunning(stack, interrupted.signal);
    else await runJobs(stack);
    return 0;
  } finally {
    await stack.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function runJobs(stack) {
  for (const job of jobs) {
    const file = join("examples", job);
    title(`courier-cli scheduler jobs add-job --body-file ${file} --wait`);
    const added = await stack.cli(["scheduler", "jobs", "add-job", "--body-file", file, "--wait"]);
    await showInstance(stack, JSON.parse(added).item.instance.id);
  }
  console.log(
    "\nAll three jobs succeeded on all three nodes. `npm start` keeps the same stack running.",
  );
}

async function keepRunning(stack, signal) {
  console.log(`
Courier is running with the nodes ${stack.nodeNames.join(", ")}. In another terminal:

  export COURIER_URL=${stack.url}
  export COURIER_TOKEN=$(cat ${stack.tokenFile})
  npx courier-cli management node find-all-nodes --format table
  npx courier-cli scheduler jobs add-job --body-file examples/hello.yaml --wait

Ctrl-C stops it and removes its data (${stack.directory}).`);
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    stack.onUnexpectedExit(resolve);
  });
}

function title(text) {
  console.log(`\n$ ${text}`);
}
