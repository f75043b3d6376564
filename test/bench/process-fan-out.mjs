// Fan-out with real processes: 200 node agents in one process, each runs `true` under its wrapper, against the rate at
// which this machine starts `sh -c true` at all (best concurrency, the same process kind, measured before and after).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

import { openStack } from "./stack.mjs";
import { median, rounded } from "./statistics.mjs";
import { shellJob } from "./template.mjs";
import { verifyCounts, verifyRuns, verifySteps } from "./verify.mjs";

const warmUpCount = 2;
const pauseMs = 1_000;
const concurrencies = [1, 2, 4, 8, 16, 32];

export async function run({ isSmoke, report, say }) {
  const agentCount = isSmoke ? 4 : 200;
  const roundCount = isSmoke ? 1 : 10;
  const spawnCount = isSmoke ? 4 : 600;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const server = await stack.startServer(database);
    const names = await startAgents(stack, { server, count: agentCount });
    say(`${names.length} agents are connected`);
    const before = await bestSpawnRate(spawnCount);
    // The first rounds compile the agents' and the server's code; between rounds everybody has done what was put off.
    for (let round = 0; round < (isSmoke ? 0 : warmUpCount); round += 1)
      await fanOut(server.api, names);
    const rounds = [];
    for (let round = 0; round < roundCount; round += 1) {
      await delay(isSmoke ? 0 : pauseMs);
      rounds.push(await fanOut(server.api, names));
    }
    const after = await bestSpawnRate(spawnCount);
    const spawnsPerSecond = Math.max(before, after);
    const runsPerSecond = median(rounds);
    report("process-fan-out-of-spawn-rate", (100 * runsPerSecond) / spawnsPerSecond, {
      samples: roundCount,
      detail: {
        agents: agentCount,
        runsPerSecond: rounded(runsPerSecond),
        rounds: rounds.map(Math.round),
        spawnsPerSecond: rounded(spawnsPerSecond),
      },
    });
  } finally {
    await stack.dispose();
  }
}

async function startAgents(stack, { server, count }) {
  const key = await server.api.createEnrollmentKey(count);
  const child = stack.startAgents([
    server.url,
    key,
    join(stack.directory, "agents"),
    String(count),
  ]);
  const signal = AbortSignal.timeout(120_000);
  const [line] = await once(createInterface({ input: child.stdout }), "line", { signal });
  return JSON.parse(line);
}

async function fanOut(api, names) {
  const began = Date.now();
  const jobId = await api.addJob(shellJob({ groups: [names] }));
  const instance = await api.endedInstance(jobId, { pollMs: 50 });
  verifyCounts(instance, names.length);
  await verifySteps(api, await verifyRuns(api, instance.id, names.length));
  return (names.length * 1000) / (Date.parse(instance.finishedAt) - began);
}

async function bestSpawnRate(count) {
  const rates = [];
  for (const concurrency of concurrencies) rates.push(await spawnRate(count, concurrency));
  return Math.max(...rates);
}

/** Processes per second that start and end, so many at a time. */
async function spawnRate(count, concurrency) {
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await once(spawn("sh", ["-c", "true"], { stdio: "ignore" }), "exit");
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (count * 1000) / (performance.now() - began);
}
