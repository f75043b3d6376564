// Ten times the runs, ten times the cost? One instance of 100,000 runs (ten groups over the same nodes, one after the
// other) against instances of 10,000; and how fast a page of that instance's runs is read.

import { cpuMs } from "./processes.mjs";
import { openStack } from "./stack.mjs";
import { median, percentile, rounded } from "./statistics.mjs";
import { shellJob } from "./template.mjs";
import { verifyCounts } from "./verify.mjs";

const groupCount = 10;

export async function run({ isSmoke, report, say }) {
  const nodeCount = isSmoke ? 50 : 10_000;
  const smallRounds = isSmoke ? 1 : 3;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const fleet = stack.startFleet();
    const names = await fleet.call("enrol", {
      database: database.options,
      count: nodeCount,
      prefix: "n",
    });
    const server = await stack.startServer(database);
    await fleet.call("start", { url: server.url });
    const measureSmall = () => measure({ server, fleet, groups: [names] });
    // The first instance warms the server up; the others surround the large one.
    await measureSmall();
    const small = [];
    for (let round = 0; round < smallRounds; round += 1) small.push(await measureSmall());
    const large = await measure({ server, fleet, groups: Array(groupCount).fill(names) });
    for (let round = 0; round < smallRounds; round += 1) small.push(await measureSmall());
    say(
      `small ${small.map(({ cpu }) => rounded(cpu)).join(" ")}, large ${rounded(large.cpu)} ms CPU`,
    );
    reportCost({ report, small, large });
    await measurePages({ isSmoke, report, server, instance: large.instance });
  } finally {
    await stack.dispose();
  }
}

function reportCost({ report, small, large }) {
  const smallCpu = median(small.map(({ cpu }) => cpu));
  const smallElapsed = median(small.map(({ elapsed }) => elapsed));
  report("cost-per-run-100k-over-10k", large.cpu / smallCpu, {
    samples: small.length,
    detail: {
      elapsedRatio: rounded(large.elapsed / smallElapsed),
      cpuMsPerRunSmall: small.map(({ cpu }) => rounded(cpu)),
      cpuMsPerRunLarge: rounded(large.cpu),
      runsPerSecondLarge: Math.round(1000 / large.elapsed),
    },
  });
}

/** Milliseconds per run: of the server's CPU, and until the last result was acknowledged. */
async function measure({ server, fleet, groups }) {
  const count = groups.reduce((sum, names) => sum + names.length, 0);
  const cpuBefore = cpuMs(server.pid);
  const began = Date.now();
  const jobId = await server.api.addJob(shellJob({ groups }));
  const goal = { jobId, counter: "acknowledged", count };
  const { lastAcknowledgedAt } = await fleet.call("reached", { goal, timeoutMs: 300_000 });
  const cpu = (cpuMs(server.pid) - cpuBefore) / count;
  const instance = await server.api.endedInstance(jobId);
  verifyCounts(instance, count);
  return { instance, cpu, elapsed: (lastAcknowledgedAt - began) / count };
}

async function measurePages({ isSmoke, report, server, instance }) {
  const runCount = instance.groups.reduce((sum, group) => sum + group.nodeCount, 0);
  const pageCount = Math.ceil(runCount / 100);
  const sampleCount = isSmoke ? 1 : 1000;
  const samples = [];
  for (let sample = 0; sample < sampleCount; sample += 1) {
    // Every page once, in an order that jumps through the whole list.
    const page = 1 + ((sample * 617) % pageCount);
    const path = `/courier/state-api/v1/instances/${instance.id}/runs?pagination.page=${page}&pagination.size=100`;
    const before = performance.now();
    const { items } = await server.api.get(path);
    samples.push(performance.now() - before);
    if (items.length !== 100 && page !== pageCount) throw new Error(`page ${page} is not full`);
  }
  report("list-runs-page-p99", percentile(samples, 0.99), {
    samples: sampleCount,
    detail: {
      runs: runCount,
      p50Ms: rounded(median(samples)),
      maxMs: rounded(percentile(samples, 1)),
    },
  });
}
