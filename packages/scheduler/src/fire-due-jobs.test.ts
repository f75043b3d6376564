import {
  findJob,
  insertPlannedTargets,
  listInstances,
  listRuns,
  takePlannedTargets,
} from "@courier/store";
import {
  SchedulerBench,
  temporaryDatabase,
  type BenchJob,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";

let temporary: TemporaryDatabase;
let bench: SchedulerBench;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
  bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
  await bench.start(3);
});

afterEach(async () => {
  await bench.dispose();
  await temporary.dispose();
});

const minuteMs = 60_000;

/** Every minute from now on, as the service would store it. */
async function everyMinute(schedule: Partial<BenchJob["schedule"]>): Promise<string> {
  const jobId = await bench.addJob({
    groups: [{ nodes: [0] }],
    schedule: { scheduleRule: "RRULE:FREQ=MINUTELY", ...schedule },
    nextExecutionAt: Math.ceil(bench.clock.now() / 1000) * 1000,
  });
  await bench.pass(1_000);
  return jobId;
}

async function instanceIds(jobId: string): Promise<string[]> {
  const { items } = await listInstances(temporary.database, { jobId, page: 1, size: 100 });
  return items.map(({ id }) => id).toReversed();
}

async function finish(instanceId: string | undefined): Promise<void> {
  const run = await bench.runOf(instanceId ?? "", 0);
  await bench.during(bench.agent(0).finish(run.id));
}

test("a job fires at each occurrence, and is completed after the last", async () => {
  const jobId = await everyMinute({
    scheduleRule: "RRULE:FREQ=MINUTELY;COUNT=3",
    overlapPolicy: "allow",
  });
  const counts = [(await instanceIds(jobId)).length];
  for (let minute = 1; minute < 4; minute += 1) {
    await bench.pass(minuteMs);
    counts.push((await instanceIds(jobId)).length);
  }

  expect(counts).toEqual([1, 2, 3, 3]);
  expect(await findJob(temporary.database, jobId)).toMatchObject({
    status: "completed",
    nextExecutionAt: null,
  });
});

test("with overlapPolicy queue at most one occurrence waits, and starts when the instance under way has ended", async () => {
  const jobId = await everyMinute({});
  await bench.pass(2 * minuteMs);
  const during = await instanceIds(jobId);
  await finish(during[0]);
  await bench.pass(1_000);
  const after = await instanceIds(jobId);
  const second = await bench.instance(after[1] ?? "");
  const first = await bench.instance(after[0] ?? "");

  expect(during).toHaveLength(1);
  expect(after).toHaveLength(2);
  expect(second.nominalAt).toBe(first.nominalAt + minuteMs);
});

test("with overlapPolicy skip an occurrence during an instance is left out", async () => {
  const jobId = await everyMinute({ overlapPolicy: "skip" });
  await bench.pass(minuteMs);
  await finish((await instanceIds(jobId))[0]);
  await bench.pass(1_000);
  const afterEnd = await instanceIds(jobId);
  await bench.pass(minuteMs);

  expect(afterEnd).toHaveLength(1);
  expect(await instanceIds(jobId)).toHaveLength(2);
});

test("what was missed while the service was down is made up once", async () => {
  const jobId = await everyMinute({ overlapPolicy: "allow" });
  await bench.scheduler.stop();
  await bench.clock.advance(10.5 * minuteMs);
  await bench.restart();
  await bench.pass(1_000);

  expect(await instanceIds(jobId)).toHaveLength(2);
});

test("an immediate job that was added with a plan fires once for the nodes of its plan", async () => {
  const jobId = await bench.addJob({
    groups: [{ nodes: [0] }],
    schedule: { scheduleRule: "immediate" },
    nextExecutionAt: bench.clock.now() + 1_000,
  });
  const planned = [[bench.agent(1).nodeId, bench.agent(2).nodeId]];
  await insertPlannedTargets(temporary.database, { jobId, targets: planned });

  await bench.pass(1_000);

  const [instanceId = ""] = await instanceIds(jobId);
  const { items } = await listRuns(temporary.database, { instanceId, page: 1, size: 10 });
  expect(items.map(({ nodeId }) => nodeId).toSorted()).toEqual(planned[0]?.toSorted());
  expect((await takePlannedTargets(temporary.database, [jobId])).size).toBe(0);
});

test("a job fires when it is due, not at the next look", async () => {
  const jobId = await bench.addJob({
    groups: [{ nodes: [0] }],
    schedule: { scheduleRule: "RRULE:FREQ=DAILY" },
    nextExecutionAt: bench.clock.now() + 700,
  });
  await bench.pass(660);
  const before = await instanceIds(jobId);
  await bench.pass(30);
  const [after] = await instanceIds(jobId);

  expect(before).toEqual([]);
  expect((await bench.instance(after ?? "")).createdAt).toBeLessThan(bench.clock.now());
});

test("a stored schedule that cannot be computed makes its job inactive, and keeps nobody else from firing", async () => {
  const brokenId = await everyMinute({ scheduleRule: "CRON:H 3 * * *" });
  const jobId = await everyMinute({});

  expect(await findJob(temporary.database, brokenId)).toMatchObject({
    status: "inactive",
    nextExecutionAt: null,
  });
  expect(await instanceIds(brokenId)).toEqual([]);
  expect(await instanceIds(jobId)).toHaveLength(1);
});

test("a burst of jobs on one node starts in one pass, each with its own run", async () => {
  const jobIds: string[] = [];
  const nextExecutionAt = Math.ceil(bench.clock.now() / 1000) * 1000;
  for (let index = 0; index < 30; index += 1) {
    const schedule = { scheduleRule: "RRULE:FREQ=DAILY", overlapPolicy: "allow" } as const;
    jobIds.push(await bench.addJob({ groups: [{ nodes: [0] }], schedule, nextExecutionAt }));
  }
  await bench.pass(1_000);
  const runs = await Promise.all(
    jobIds.map(async (jobId) => bench.runs((await instanceIds(jobId))[0] ?? "")),
  );

  expect(runs.map((one) => one.map(({ status }) => status))).toEqual(
    jobIds.map(() => ["dispatched"]),
  );
  expect(bench.scheduler.stats()).toMatchObject({ firedJobs: 30, dispatchedRuns: 30 });
});
