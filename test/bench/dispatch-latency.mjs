// Dispatch latency on an idle system: from sending the add-job request until the step's own first instruction on a real
// runner. The step itself writes the time (bash's microseconds, without another process), so the start of its shell is
// part of the figure. All on one machine, so there is one clock.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { openStack } from "./stack.mjs";
import { fineClock, median, percentile, rounded } from "./statistics.mjs";
import { shellJob } from "./template.mjs";

const node = "latency";
const warmUpCount = 20;
const pauseMs = 20;

export async function run({ isSmoke, report, profileDirectory }) {
  const sampleCount = isSmoke ? 1 : 200;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const server = await stack.startServer(database, profiling(profileDirectory));
    await stack.startRunner(server, node);
    const stamps = join(stack.directory, "stamps");
    mkdirSync(stamps);
    for (let sample = 0; sample < (isSmoke ? 0 : warmUpCount); sample += 1) {
      await measure(server.api, join(stamps, `warm-${sample}`));
    }
    if (profileDirectory !== undefined) server.child.kill("SIGUSR2");
    const samples = [];
    for (let sample = 0; sample < sampleCount; sample += 1) {
      samples.push(await measure(server.api, join(stamps, `${sample}`)));
    }
    if (profileDirectory !== undefined) server.child.kill("SIGUSR2");
    const floor = [];
    for (let sample = 0; sample < Math.ceil(sampleCount / 4); sample += 1) {
      floor.push(await measureFloor(join(stamps, `floor-${sample}`)));
    }
    reportLatency(report, { samples, floor });
  } finally {
    await stack.dispose();
  }
}

function profiling(directory) {
  if (directory === undefined) return {};
  const file = join(directory, "dispatch-latency.cpuprofile");
  return { preload: "profile", env: { COURIER_BENCH_PROFILE: file } };
}

async function measure(api, stamp) {
  const template = shellJob({ groups: [[node]], command: stampCommand(stamp) });
  await delay(pauseMs);
  const clock = fineClock();
  // The kernel tells when the step has written: asking the server meanwhile would slow down what is measured.
  const watcher = watch(dirname(stamp));
  const written = once(watcher, "change", { signal: AbortSignal.timeout(10_000) });
  const requestedAt = clock();
  const jobId = await api.addJob(template);
  const answeredAt = clock();
  await written;
  watcher.close();
  const instance = await api.endedInstance(jobId, { pollMs: 10 });
  if (instance.status !== "success") throw new Error(`instance is ${instance.status}`);
  const { items } = await api.get(`/courier/state-api/v1/instances/${instance.id}/runs`);
  const { item: run } = await api.get(`/courier/state-api/v1/runs/${items[0].runId}`);
  return {
    latency: readStamp(stamp) - requestedAt,
    answered: answeredAt - requestedAt,
    dispatched: Date.parse(run.dispatchedAt) - requestedAt,
    started: Date.parse(run.startedAt) - requestedAt,
    ended: Date.parse(run.finishedAt) - requestedAt,
  };
}

/** What this machine needs to start a shell that starts the step's shell, with nothing of ours in between. */
async function measureFloor(stamp) {
  await delay(pauseMs);
  const clock = fineClock();
  const spawnedAt = clock();
  const script = `"$1" -e -c "$2"; exit $?`;
  const args = ["-c", script, "sh", "bash", stampCommand(stamp)];
  await once(spawn("/bin/sh", args, { stdio: "ignore", detached: true }), "exit");
  return readStamp(stamp) - spawnedAt;
}

function stampCommand(stamp) {
  return `echo "\${EPOCHREALTIME:-$(date +%s.%N)}" > ${stamp}`;
}

/** Unix time in ms, as the step wrote it; some locales write a comma. */
function readStamp(stamp) {
  return Number(readFileSync(stamp, "utf8").trim().replace(",", ".")) * 1000;
}

function reportLatency(report, { samples, floor }) {
  const of = (field) => samples.map((sample) => sample[field]);
  const latencies = of("latency");
  const detail = {
    maxMs: rounded(percentile(latencies, 1)),
    // Milestones from the request on, medians; those of the records have whole milliseconds.
    answeredMs: rounded(median(of("answered"))),
    dispatchedMs: rounded(median(of("dispatched"))),
    startedMs: rounded(median(of("started"))),
    endedMs: rounded(median(of("ended"))),
    shellsAloneMs: rounded(median(floor)),
  };
  report("dispatch-latency-p50", median(latencies), { samples: samples.length, detail });
  report("dispatch-latency-p99", percentile(latencies, 0.99), { samples: samples.length });
}
