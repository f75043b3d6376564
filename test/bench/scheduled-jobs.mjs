// Scheduled jobs: how late occurrences reach their nodes while 100,000 jobs are active, and whether a pass costs what is due
// or what exists.

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { fireDueJobs } from "@courier/scheduler";
import { insertJob, listInstances, listRuns, openDatabase } from "@courier/store";
import { temporaryDatabase } from "@courier/testkit";

import { endChild } from "./processes.mjs";
import { openStack } from "./stack.mjs";
import { median, percentile, rounded } from "./statistics.mjs";
import { shellJob } from "./template.mjs";

const dayMs = 86_400_000;

/** Jobs fired by one timed pass. */
const duePerPass = 20;

export async function run(context) {
  for (const kind of context.databases) {
    await measureLateness(kind, context);
    await measurePasses(kind, context);
  }
}

/** Every second so many jobs are due at once, because rules know no fractions; each has a run on one of 200 nodes. */
async function measureLateness(kind, { isSmoke, report, say, profileDirectory }) {
  const [jobCount, perSecond, seconds] = isSmoke ? [100, 5, 2] : [100_000, 200, 30];
  const stack = await openStack();
  try {
    const database = await stack.createDatabase(kind);
    const fleet = stack.startFleet();
    const nodes = { database: database.options, count: isSmoke ? 5 : 200, prefix: "n" };
    const names = await fleet.call("enrol", nodes);
    const db = await openDatabase(database.options);
    const dueCount = perSecond * seconds;
    await insertJobs(db, { count: jobCount - dueCount, names, dueAt: (n) => waitingAt(n) });
    const firstAt = Math.ceil(Date.now() / 1000) * 1000 + (isSmoke ? 8_000 : 20_000);
    const dueAt = (n) => firstAt + Math.floor(n / perSecond) * 1000;
    await insertJobs(db, { count: dueCount, names, dueAt });
    await db.close();
    const profileFile =
      profileDirectory && join(profileDirectory, `scheduled-jobs-${kind}.cpuprofile`);
    const server = await stack.startServer(database, profiling(profileFile));
    await fleet.call("start", { url: server.url });
    if (Date.now() > firstAt) throw new Error("the jobs were due before the service was ready");
    say(`${kind}: ${jobCount} jobs, ${perSecond} due every second`);
    if (profileFile !== undefined) server.child.kill("SIGUSR2");
    await untilEnded(server.api, { count: dueCount, lastAt: firstAt + (seconds - 1) * 1000 });
    if (profileFile !== undefined) await writeProfile(server, profileFile);
    await endChild(server.child);
    const late = await lateness(database, dueCount);
    report(`schedule-lateness-p99-${kind}`, percentile(late, 0.99), {
      samples: late.length,
      detail: { jobs: jobCount, perSecond, p50Ms: rounded(median(late)), maxMs: Math.max(...late) },
    });
  } finally {
    await stack.dispose();
  }
}

function profiling(file) {
  return file === undefined ? {} : { preload: "profile", env: { COURIER_BENCH_PROFILE: file } };
}

/** Resolves when the server has written its profile, else after 10 s. */
async function writeProfile({ child }, file) {
  child.kill("SIGUSR2");
  for (let waits = 0; waits < 100 && !existsSync(file); waits += 1) await delay(100);
}

/** Between an hour and a day from now. */
function waitingAt(index) {
  return Math.ceil(Date.now() / 1000) * 1000 + 3_600_000 + ((index * 7_919) % 82_800) * 1000;
}

/** Looks only when all were due: counting what has ended would be work beside what is measured. */
async function untilEnded(api, { count, lastAt }) {
  await delay(lastAt - Date.now());
  for (;;) {
    await delay(500);
    const { totalItems } = await api.get("/courier/state-api/v1/instances?status=success&size=1");
    if (totalItems >= count) return;
    if (Date.now() > lastAt + 60_000) {
      throw new Error(`${totalItems} of ${count} instances succeeded`);
    }
  }
}

/** From the nominal time until the node has started the run, by the clock of the machine that both share; ms. */
async function lateness({ options }, count) {
  const db = await openDatabase(options);
  try {
    const late = [];
    for (let page = 1; late.length < count; page += 1) {
      const { items } = await listInstances(db, { page, size: 1000 });
      if (items.length === 0) throw new Error(`${late.length} of ${count} instances are there`);
      for (const { id, nominalAt } of items) {
        const { items: runs } = await listRuns(db, { instanceId: id, page: 1, size: 1 });
        late.push(runs[0].startedAt - nominalAt);
      }
    }
    return late;
  } finally {
    await db.close();
  }
}

/** The same pass over the same number of due jobs, beside few jobs and beside many, by turns: the machine changes for both. */
async function measurePasses(kind, { isSmoke, report }) {
  const [few, many, rounds] = isSmoke ? [40, 80, 1] : [1_000, 100_000, 60];
  const warmUp = 10;
  const sides = [];
  try {
    for (const jobCount of [few, many]) {
      const { database, dispose } = await temporaryDatabase(kind);
      const side = { database, dispose, samples: [], now: Date.now() };
      sides.push(side);
      await insertDueJobs(side, { jobCount, dueCount: (rounds + warmUp) * duePerPass });
    }
    for (let round = 0; round < warmUp + rounds; round += 1) {
      for (const side of sides) side.samples.push(await timedPass(side, round));
    }
  } finally {
    for (const { dispose } of sides) await dispose();
  }
  const [fewMs, manyMs] = sides.map(({ samples }) => samples.slice(warmUp));
  report(`schedule-pass-100k-over-1k-${kind}`, median(manyMs.map((ms, at) => ms / fewMs[at])), {
    samples: rounds,
    detail: { duePerPass, fewMs: rounded(median(fewMs)), manyMs: rounded(median(manyMs)) },
  });
}

async function insertDueJobs({ database, now }, { jobCount, dueCount }) {
  const waiting = { count: Math.max(0, jobCount - dueCount), names: ["none"], dueAt: waitingAt };
  await insertJobs(database, waiting);
  const dueAt = (n) => now - 59_000 + n;
  await insertJobs(database, { count: dueCount, names: ["none"], dueAt });
}

async function timedPass({ database, now }, round) {
  const before = performance.now();
  const { firedCount } = await fireDueJobs(database, {
    ...{ now: now - 59_000 + (round + 1) * duePerPass - 1, presenceSettledAt: 0 },
    newId: randomUUID,
  });
  if (firedCount !== duePerPass) throw new Error(`a pass fired ${firedCount} jobs`);
  return performance.now() - before;
}

/** Jobs as the service stores them, due first when `dueAt` says (Unix ms), then every day or every 500 seconds. */
async function insertJobs(db, { count, names, dueAt }) {
  for (let start = 0; start < count; start += 500) {
    await db.transaction(async (tx) => {
      for (let index = start; index < Math.min(count, start + 500); index += 1) {
        await insertJob(tx, jobRow({ index, name: names[index % names.length], at: dueAt(index) }));
      }
    });
  }
}

function jobRow({ index, name, at }) {
  const id = randomUUID();
  const now = Date.now();
  const scheduleRule = ruleFrom(at, index);
  const template = { ...shellJob({ groups: [[name]] }), name: id, description: "" };
  return {
    ...{ id, name: id, description: "", status: "active", scheduleRule },
    template: JSON.stringify({
      ...{ ...template, scheduleRule, exceptionRules: [], timeZone: "Europe/Berlin" },
    }),
    ...{ nextExecutionAt: at, createdAt: now - dayMs, updatedAt: now, createdBy: "bench" },
    ...{ anchoredAt: now - dayMs, version: 1, updatedBy: "", blocked: "[]", exceptionsVersion: 0 },
    ...{ reviewAt: null, deletedAt: null },
  };
}

/** Three kinds of rules that occur at this time. */
function ruleFrom(at, index) {
  const time = new Date(Math.floor(at / 1000) * 1000).toISOString();
  const start = `DTSTART:${time.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  if (index % 4 === 0) return `CRON:${Number(time.slice(17, 19))} * * * * *`;
  return `${start}\nRRULE:${index % 4 === 1 ? "FREQ=SECONDLY;INTERVAL=500" : "FREQ=DAILY"}`;
}
