import { randomUUID } from "node:crypto";
import {
  advanceExceptionState,
  deleteExceptionRule,
  findJob,
  findWaitingStart,
  insertExceptionRule,
  listInstances,
  listMissedOccurrences,
  reviewWaitingStarts,
  type JobRow,
  type MissedOccurrences,
} from "@courier/store";
import {
  SchedulerBench,
  temporaryDatabase,
  type BenchJob,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recalculateJobs } from "./recalculate.ts";

let temporary: TemporaryDatabase;
let bench: SchedulerBench;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
  bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
  await bench.start(1);
  // Rules have whole seconds.
  await bench.clock.advance(1000 - (bench.clock.now() % 1000));
});

afterEach(async () => {
  await bench.dispose();
  await temporary.dispose();
});

const minuteMs = 60_000;
const asker = { tokenId: "token", remoteAddress: "", requestId: "" };

/** A freeze from now on, changed as the API does. */
async function freeze(minutes: number): Promise<string> {
  const now = bench.clock.now();
  const id = randomUUID();
  const times = { anchoredAt: now - (now % 1000), createdAt: now, updatedAt: now };
  const rule = { rrule: "RRULE:FREQ=DAILY;COUNT=1", duration: minutes, timeZone: "UTC" };
  await temporary.database.transaction(async (tx) => {
    await advanceExceptionState(tx, now);
    await insertExceptionRule(tx, {
      ...{ id, name: "freeze", description: "", updatedBy: "" },
      ...{ ...rule, ...times },
    });
    await reviewWaitingStarts(tx, now);
  });
  return id;
}

async function thaw(id: string): Promise<void> {
  const now = bench.clock.now();
  await temporary.database.transaction(async (tx) => {
    await advanceExceptionState(tx, now);
    await deleteExceptionRule(tx, id);
    await reviewWaitingStarts(tx, now);
  });
}

async function job(schedule: BenchJob["schedule"], dueInMs = 0): Promise<string> {
  const nextExecutionAt = bench.clock.now() + dueInMs;
  return bench.addJob({
    groups: [{ nodes: [0] }],
    nextExecutionAt,
    ...(schedule === undefined ? {} : { schedule }),
  });
}

async function start(jobId: string, ignoresExceptions = false) {
  const order = { jobId, ignoresExceptions };
  return bench.during(bench.scheduler.startJob(order, asker));
}

async function instances(jobId: string): Promise<string[]> {
  const { items } = await listInstances(temporary.database, { jobId, page: 1, size: 100 });
  return items.map(({ id }) => id).toReversed();
}

async function stored(jobId: string): Promise<JobRow> {
  const found = await findJob(temporary.database, jobId);
  if (found === undefined) throw new Error(`no job ${jobId}`);
  return found;
}

async function missed(jobId: string): Promise<readonly MissedOccurrences[]> {
  const page = { page: 1, size: 100 };
  return (await listMissedOccurrences(temporary.database, { ...page, jobId })).items;
}

describe("a global exception", () => {
  test("moves the next time of a job, and is recorded with what it held back", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=MINUTELY" }, minuteMs);
    const first = bench.clock.now() + minuteMs;

    await freeze(3);
    await bench.pass(2_000);
    const frozen = await stored(jobId);
    await bench.pass(3 * minuteMs);

    expect(frozen.nextExecutionAt).toBe(first + 2 * minuteMs);
    expect(await instances(jobId)).toHaveLength(1);
    expect(await missed(jobId)).toMatchObject([
      {
        cause: "exception",
        reason: 'blocked by global exception "freeze"',
        firstAt: first,
        lastAt: first + minuteMs,
        count: 2,
      },
    ]);
  });

  test("that is deleted lets jobs go on at once, and what it had held back stays recorded", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=MINUTELY" }, minuteMs);
    const first = bench.clock.now() + minuteMs;
    const id = await freeze(1000);
    await bench.pass(2.5 * minuteMs);

    await thaw(id);
    await bench.pass(2_000);

    expect((await stored(jobId)).nextExecutionAt).toBe(first + 2 * minuteMs);
    expect(await missed(jobId)).toMatchObject([
      { firstAt: first, lastAt: first + minuteMs, count: 2 },
    ]);
  });

  test("holds back what is due before its job was computed again", async () => {
    await bench.scheduler.stop();
    const jobId = await job({ scheduleRule: "RRULE:FREQ=MINUTELY" });
    await freeze(10);
    await bench.restart();
    await bench.pass(100);

    expect(await instances(jobId)).toEqual([]);
    expect(await missed(jobId)).toMatchObject([{ cause: "exception", count: 1 }]);
  });

  test("lets a job be without a next time while it blocks all that is left, and end when that has passed", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=MINUTELY;COUNT=3" }, minuteMs);
    await freeze(60);
    await bench.pass(2_000);
    const during = await stored(jobId);
    await bench.pass(3 * minuteMs);

    expect(during).toMatchObject({ status: "active", nextExecutionAt: null });
    expect(await stored(jobId)).toMatchObject({ status: "completed", reviewAt: null });
    expect(await missed(jobId)).toMatchObject([{ count: 2 }]);
    expect(await instances(jobId)).toEqual([]);
  });

  test("makes an immediate job wait for the end of its window", async () => {
    await freeze(1);
    const jobId = await job(undefined);
    await bench.pass(1_000);
    const during = await stored(jobId);
    await bench.pass(minuteMs);

    expect(during).toMatchObject({ status: "active" });
    expect(JSON.parse(during.blocked)).toMatchObject([{ label: 'global exception "freeze"' }]);
    expect(await instances(jobId)).toHaveLength(1);
    expect(await stored(jobId)).toMatchObject({ status: "completed", blocked: "[]" });
    expect(await missed(jobId)).toEqual([]);
  });

  test("does not stop a job that ignores exceptions", async () => {
    await freeze(10);
    const jobId = await job({ scheduleRule: "immediate", ignoreExceptions: true });
    await bench.pass(1_000);

    expect(await instances(jobId)).toHaveLength(1);
  });

  test("lets what is made up after a downtime wait, and start when it ends", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=DAILY" }, minuteMs);
    const dueAt = bench.clock.now() + minuteMs;
    await bench.scheduler.stop();
    await bench.clock.advance(5 * minuteMs);
    await freeze(1);
    await bench.restart();
    await bench.pass(1_000);
    const waiting = await findWaitingStart(temporary.database, { jobId });
    await bench.pass(minuteMs);

    expect(waiting).toMatchObject({ nominalAt: dueAt, askedBy: "" });
    const [id = ""] = await instances(jobId);
    expect(await bench.instance(id)).toMatchObject({ id: waiting?.id, nominalAt: dueAt });
  });

  test("is known to every job although the service dies in the middle", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 250; index += 1) {
      ids.push(await job({ scheduleRule: "RRULE:FREQ=MINUTELY" }, minuteMs));
    }
    await bench.quiet();
    const first = bench.clock.now() + minuteMs;
    await bench.scheduler.stop();
    await freeze(10);
    const { now, monotonicMs } = { now: bench.clock.now(), monotonicMs: () => 0 };
    const mayHaveMore = await recalculateJobs(temporary.database, { now, monotonicMs });
    const known = async (): Promise<number> => {
      const jobs = await Promise.all(ids.map(stored));
      return jobs.filter(({ exceptionsVersion }) => exceptionsVersion === 1).length;
    };
    const halfway = await known();
    await bench.restart();
    await bench.pass(2_000);

    expect(mayHaveMore).toBe(true);
    expect(halfway).toBe(200);
    expect(await known()).toBe(250);
    expect((await stored(ids[249] ?? "")).nextExecutionAt).toBeGreaterThan(first);
  });

  test("is computed in a bounded time per transaction", async () => {
    for (let index = 0; index < 3; index += 1) await job({ scheduleRule: "RRULE:FREQ=DAILY" }, 9e9);
    await bench.scheduler.stop();
    await freeze(10);
    let clockMs = 0;
    const monotonicMs = (): number => (clockMs += 40);
    const passes = [];
    for (let pass = 0; pass < 3; pass += 1) {
      passes.push(
        await recalculateJobs(temporary.database, { now: bench.clock.now(), monotonicMs }),
      );
    }

    expect(passes).toEqual([true, true, false]);
    await bench.restart();
  });
});

describe("a manual start", () => {
  test("makes an instance beside the schedule, which stays as it is", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=DAILY" }, minuteMs);
    const before = await stored(jobId);

    const answer = await start(jobId);

    const [id = ""] = await instances(jobId);
    expect(answer).toEqual({
      kind: "accepted",
      start: { instanceId: id, jobId, isStarted: true, notBefore: null, reason: "" },
    });
    expect((await bench.instance(id)).nominalAt).toBeLessThan(0);
    expect((await bench.instance(id)).lastUpdatedBy).toBe("token");
    expect(await stored(jobId)).toEqual(before);
    expect(await bench.statuses(id)).toEqual(["dispatched"]);
  });

  test("runs what is completed again", async () => {
    const jobId = await job(undefined);
    await bench.quiet();
    await bench.finish((await instances(jobId))[0] ?? "", 0);

    const answer = await start(jobId);

    expect(answer).toMatchObject({ kind: "accepted", start: { isStarted: true } });
    expect(await instances(jobId)).toHaveLength(2);
    expect((await stored(jobId)).status).toBe("completed");
  });

  test("waits for an instance under way, one at most", async () => {
    const jobId = await job(undefined);
    await bench.quiet();
    const [first = ""] = await instances(jobId);

    const waits = await start(jobId);
    const refused = await start(jobId);
    await bench.finish(first, 0);
    await bench.pass(1_000);

    expect(waits).toMatchObject({ start: { isStarted: false, notBefore: null } });
    expect(refused).toMatchObject({ kind: "overlaps" });
    const startedId = waits.kind === "accepted" ? waits.start.instanceId : "";
    expect(await instances(jobId)).toEqual([first, startedId]);
  });

  test("is refused beside an instance when the overlap policy says skip, and starts when it says allow", async () => {
    const skipping = await job({ scheduleRule: "immediate", overlapPolicy: "skip" });
    const allowing = await job({ scheduleRule: "immediate", overlapPolicy: "allow" });
    await bench.quiet();

    expect(await start(skipping)).toEqual({
      kind: "overlaps",
      reason: "an instance of the job has not ended, and its overlapPolicy is skip",
    });
    expect(await start(allowing)).toMatchObject({ start: { isStarted: true } });
  });

  test("waits for the end of a freeze, starts when that is deleted, and does not wait when told so", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=DAILY", overlapPolicy: "allow" }, 9e9);
    const id = await freeze(10);

    const waits = await start(jobId);
    const overridden = await start(await job({ scheduleRule: "RRULE:FREQ=DAILY" }, 9e9), true);
    await bench.pass(minuteMs);
    const during = await instances(jobId);
    await thaw(id);
    await bench.pass(1_000);

    expect(waits).toMatchObject({
      start: { isStarted: false, reason: 'held back by global exception "freeze"' },
    });
    expect(overridden).toMatchObject({ start: { isStarted: true } });
    expect(during).toEqual([]);
    expect(await instances(jobId)).toHaveLength(1);
  });

  test("is refused for a job that only its schedule may start, and for none", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=DAILY", allowManualExecution: false }, 9e9);

    expect(await start(jobId)).toEqual({ kind: "not-allowed" });
    expect(await start(randomUUID())).toEqual({ kind: "not-found" });
  });

  test("is made once per key, and the answer says what became of it", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=DAILY" }, 9e9);
    const idempotency = { key: "k", bodyHash: "h" };
    const order = { jobId, ignoresExceptions: false, idempotency };

    const first = await bench.during(bench.scheduler.startJob(order, asker));
    const again = await bench.during(bench.scheduler.startJob(order, asker));
    const other = { ...order, idempotency: { key: "k", bodyHash: "x" } };

    expect(again).toEqual({ ...first, kind: "replayed" });
    expect(await bench.scheduler.startJob(other, asker)).toEqual({ kind: "key-reused" });
    expect(await instances(jobId)).toHaveLength(1);
  });
});

test("a rerun is forbidden during a global exception, unless it is told to ignore it", async () => {
  const jobId = await job(undefined);
  await bench.quiet();
  const [id = ""] = await instances(jobId);
  await bench.finish(id, 0, "failure");
  const now = bench.clock.now();
  await freeze(10);
  const selection = { instanceId: id, outcomes: ["failure"] } as const;

  const frozen = await bench.scheduler.rerun({ selection }, asker);
  const order = { selection, ignoresExceptions: true };
  const overridden = await bench.during(bench.scheduler.rerun(order, asker));

  expect(frozen).toMatchObject({ kind: "frozen", label: 'global exception "freeze"' });
  expect(frozen.kind === "frozen" && frozen.until).toBeGreaterThan(now);
  expect(overridden).toMatchObject({ kind: "created" });
  expect(await instances(jobId)).toHaveLength(2);
});

describe("what is not executed is recorded", () => {
  test("when an instance was under way and another occurrence waited", async () => {
    const jobId = await job({ scheduleRule: "RRULE:FREQ=MINUTELY" });
    await bench.quiet();
    const first = bench.clock.now();
    for (let minute = 0; minute < 3; minute += 1) await bench.pass(minuteMs);

    expect(await missed(jobId)).toMatchObject([
      { cause: "overlapPolicy", count: 1, reason: expect.stringContaining("waits for it already") },
      { cause: "overlapPolicy", count: 1, firstAt: expect.toSatisfy((at: number) => at > first) },
    ]);
  });

  test("when no service was there", async () => {
    const jobId = await job(
      { scheduleRule: "RRULE:FREQ=MINUTELY", misfirePolicy: "skip" },
      minuteMs,
    );
    const first = bench.clock.now() + minuteMs;
    await bench.scheduler.stop();
    await bench.clock.advance(10 * minuteMs);
    await bench.restart();
    await bench.pass(1_000);

    expect(await missed(jobId)).toMatchObject([
      {
        cause: "misfirePolicy",
        firstAt: first,
        reason: expect.stringContaining("misfirePolicy is skip"),
      },
    ]);
  });
});
