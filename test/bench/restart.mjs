// The server is killed (SIGKILL) with a run in flight on every node and started again: how long, from the start of the
// new process, until a node gets a run of a job that is added then, and until one gets a run that was pending before.

import { killChild } from "./processes.mjs";
import { openStack } from "./stack.mjs";
import { shellJob } from "./template.mjs";
import { rounded } from "./statistics.mjs";
import { verifyCounts } from "./verify.mjs";

export async function run({ isSmoke, report, say }) {
  const count = isSmoke ? 50 : 10_000;
  const roundCount = isSmoke ? 1 : 3;
  const rounds = [];
  for (let round = 0; round < roundCount; round += 1) {
    rounds.push(await restartOnce(count));
    say(JSON.stringify(rounds.at(-1)));
  }
  const worst = (field) => Math.max(...rounds.map((round) => round[field]));
  const detail = { nodes: count, rounds };
  report("restart-to-first-new-dispatch", worst("newSeconds"), { samples: roundCount, detail });
  report("restart-to-first-pending-dispatch", worst("pendingSeconds"), { samples: roundCount });
}

async function restartOnce(count) {
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const fleet = stack.startFleet();
    const names = await fleet.call("enrol", { database: database.options, count, prefix: "n" });
    const server = await stack.startServer(database);
    const held = { durationMs: "held", outputBytes: 0 };
    await fleet.call("start", { url: server.url, behaviour: held });
    const jobs = await fillUp({ server, fleet, names });
    await killChild(server.child);
    await fleet.call("behave", { behaviour: { durationMs: 0, outputBytes: 0 } });
    // These runs ended while the server was away; their results let the next ones of their group start.
    await fleet.call("release", { jobId: jobs.rolling });
    const again = await stack.restartServer(database, server.url);
    const newJob = await server.api.addJob(shellJob({ groups: [spread(names, 100)] }));
    const timings = await measure({ fleet, jobs, newJob, again, count });
    await fleet.call("release", {});
    for (const jobId of [jobs.wide, jobs.rolling, newJob])
      await verifyOnce({ server, fleet, jobId });
    return timings;
  } finally {
    await stack.dispose();
  }
}

/** One held run on every node, and a second job of which half the runs are held and the others wait for them. */
async function fillUp({ server, fleet, names }) {
  const wide = await server.api.addJob(shellJob({ groups: [names] }));
  await fleet.call("reached", { goal: { jobId: wide, counter: "assigned", count: names.length } });
  const targets = spread(names, 200);
  const inFlight = targets.length / 2;
  const batch = { method: "rolling", size: inFlight };
  const rolling = await server.api.addJob(shellJob({ groups: [targets], batch }));
  await fleet.call("reached", { goal: { jobId: rolling, counter: "assigned", count: inFlight } });
  return { wide, rolling, inFlight };
}

async function measure({ fleet, jobs, newJob, again, count }) {
  const goal = (jobId, assigned) => ({ goal: { jobId, counter: "assigned", count: assigned } });
  const [fresh, pending] = await Promise.all([
    fleet.call("reached", goal(newJob, 1)),
    fleet.call("reached", goal(jobs.rolling, jobs.inFlight + 1)),
    fleet.call("connected", { count }),
  ]);
  const seconds = (at) => rounded((at - again.startedAt) / 1000);
  return {
    readySeconds: seconds(again.readyAt),
    newSeconds: seconds(fresh.firstAssignedAt),
    pendingSeconds: seconds(pending.lastAssignedAt),
    allConnectedSeconds: seconds(Date.now()),
  };
}

async function verifyOnce({ server, fleet, jobId }) {
  const instance = await server.api.endedInstance(jobId, { pollMs: 200 });
  const count = instance.groups[0].nodeCount;
  verifyCounts(instance, count);
  const { assigned } = await fleet.call("tally", { jobId });
  if (assigned !== count) throw new Error(`${assigned} assignments for ${count} runs`);
}

function spread(names, count) {
  const distance = Math.max(1, Math.floor(names.length / count));
  return names.filter((_, index) => index % distance === 0).slice(0, count);
}
