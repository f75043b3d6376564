// Memory of a server and of a runner that have nothing to do.

import { openStack } from "./stack.mjs";
import { settledRssBytes } from "./processes.mjs";
import { rounded } from "./statistics.mjs";

const mebibyte = 2 ** 20;

export async function run({ isSmoke, report }) {
  const watchMs = isSmoke ? 500 : 10_000;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const server = await stack.startServer(database);
    const runner = await stack.startRunner(server, "idle");
    const [serverBytes, runnerBytes] = await Promise.all([
      settledRssBytes(server.pid, watchMs),
      settledRssBytes(runner.pid, watchMs),
    ]);
    const again = await stack.restartRunner(server, runner);
    const againBytes = await settledRssBytes(again.pid, watchMs);
    const watchedSeconds = watchMs / 1000;
    report("idle-rss-server", serverBytes / mebibyte, { detail: { watchedSeconds } });
    // The start that enrols needs more than every later one; the larger figure is judged.
    report("idle-rss-runner", runnerBytes / mebibyte, {
      detail: { watchedSeconds, startedAgainMiB: rounded(againBytes / mebibyte) },
    });
  } finally {
    await stack.dispose();
  }
}
