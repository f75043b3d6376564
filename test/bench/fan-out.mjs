// Fan-out: one group of virtual nodes, a step that does nothing, from the add-job request until the server has
// acknowledged (so: committed) the last result. And the CPU time that the server used for it, per run.

import { join } from "node:path";

import { cpuMs } from "./processes.mjs";
import { openStack } from "./stack.mjs";
import { median, rounded } from "./statistics.mjs";
import { shellJob } from "./template.mjs";
import { verifyCounts, verifyRuns, verifySteps } from "./verify.mjs";

export async function run(context) {
  for (const kind of context.databases) await runOn(kind, context);
}

async function runOn(kind, { isSmoke, report, say, profileDirectory }) {
  const count = isSmoke ? 50 : 10_000;
  const roundCount = isSmoke ? 1 : 5;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase(kind);
    const fleet = stack.startFleet();
    const names = await fleet.call("enrol", { database: database.options, count, prefix: "n" });
    const server = await stack.startServer(database, profiling(profileDirectory, kind));
    await fleet.call("start", { url: server.url });
    if (profileDirectory !== undefined) server.child.kill("SIGUSR2");
    const rounds = [];
    for (let round = 0; round < roundCount; round += 1) {
      rounds.push(await fanOut({ server, fleet, names }));
      const { runsPerSecond, cpuMsPerRun } = rounds.at(-1);
      say(
        `${kind}: ${Math.round(runsPerSecond)} runs/s, ${rounded(cpuMsPerRun)} ms of CPU per run`,
      );
    }
    if (profileDirectory !== undefined) server.child.kill("SIGUSR2");
    await verify(server.api, { instance: rounds.at(-1).instance, count });
    const { rssBytes: fleetBytes } = await fleet.call("stats");
    const detail = {
      nodes: count,
      rounds: rounds.map(({ runsPerSecond }) => Math.round(runsPerSecond)),
      cpuMsPerRun: rounds.map(({ cpuMsPerRun }) => rounded(cpuMsPerRun)),
      fleetMiB: Math.round(fleetBytes / 2 ** 20),
    };
    const samples = roundCount;
    report(`fan-out-${kind}`, median(rounds.map((one) => one.runsPerSecond)), { samples, detail });
    report(`server-cpu-per-run-${kind}`, median(rounds.map((one) => one.cpuMsPerRun)), { samples });
  } finally {
    await stack.dispose();
  }
}

function profiling(directory, kind) {
  if (directory === undefined) return {};
  const file = join(directory, `fan-out-${kind}.cpuprofile`);
  return { preload: "profile", env: { COURIER_BENCH_PROFILE: file } };
}

async function fanOut({ server, fleet, names }) {
  const template = shellJob({ groups: [names] });
  const cpuBefore = cpuMs(server.pid);
  const began = Date.now();
  const jobId = await server.api.addJob(template);
  const goal = { jobId, counter: "acknowledged", count: names.length };
  const { lastAcknowledgedAt, assigned } = await fleet.call("reached", { goal });
  const cpu = cpuMs(server.pid) - cpuBefore;
  const instance = await server.api.endedInstance(jobId);
  verifyCounts(instance, names.length);
  if (assigned !== names.length) throw new Error(`${assigned} runs reached the fleet`);
  const endedAt = Math.max(Date.parse(instance.finishedAt), lastAcknowledgedAt);
  return {
    instance,
    runsPerSecond: (names.length * 1000) / (endedAt - began),
    cpuMsPerRun: cpu / names.length,
  };
}

async function verify(api, { instance, count }) {
  const runIds = await verifyRuns(api, instance.id, count);
  const other = await api.withFreshToken("verify");
  try {
    const half = Math.ceil(count / 2);
    await verifySteps(api, runIds.slice(0, half));
    await verifySteps(other, runIds.slice(half));
  } finally {
    other.close();
  }
}
