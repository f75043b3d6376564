import { listInstances, listMissedOccurrences } from "@courier/store";
import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let temporary: TemporaryDatabase;
let bench: SchedulerBench;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
  bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
  await bench.start(1);
});

afterEach(async () => {
  await bench.dispose();
  await temporary.dispose();
});

const minuteMs = 60_000;
const policies = ["skip", "runLatest", "runAll"] as const;
type MisfirePolicy = (typeof policies)[number];

/** A minute later; of its timers only those of the last second matter here. */
async function nextMinute(): Promise<void> {
  bench.clock.jump(minuteMs - 1_000);
  await bench.pass(1_000);
}

interface Recurring {
  readonly jobId: string;
  /** The first occurrence (Unix ms); one more every minute. */
  readonly firstAt: number;
}

/** Every minute from now on; instances may overlap, because none of them ends here. */
async function everyMinute(misfirePolicy: MisfirePolicy): Promise<Recurring> {
  const firstAt = Math.ceil(bench.clock.now() / 1000) * 1000;
  const jobId = await bench.addJob({
    groups: [{ nodes: [0] }],
    schedule: { scheduleRule: "RRULE:FREQ=MINUTELY", overlapPolicy: "allow", misfirePolicy },
    nextExecutionAt: firstAt,
  });
  await bench.pass(1_000);
  return { jobId, firstAt };
}

/** Minutes since the first occurrence: of what was fired, and of what is recorded as left out. */
async function account({
  jobId,
  firstAt,
}: Recurring): Promise<{ fired: number[]; missed: number[] }> {
  const page = { jobId, page: 1, size: 1_000 };
  const instances = await listInstances(temporary.database, page);
  const left = await listMissedOccurrences(temporary.database, page);
  const minute = (at: number): number => (at - firstAt) / minuteMs;
  return {
    fired: instances.items.map(({ nominalAt }) => minute(nominalAt)).toSorted((a, b) => a - b),
    missed: left.items
      .flatMap((span) => range(minute(span.firstAt), minute(span.lastAt)))
      .toSorted((a, b) => a - b),
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** What the policies make of 10 occurrences of which the last is on time and the one before it not. */
const expectedAfterTen: Record<MisfirePolicy, { fired: number[]; missed: number[] }> = {
  skip: { fired: [0, 10], missed: range(1, 9) },
  runLatest: { fired: [0, 10], missed: range(1, 9) },
  runAll: { fired: range(0, 10), missed: [] },
};

describe.each(policies)("with misfirePolicy %s", (policy) => {
  test("what came while the service was down is fired or recorded", async () => {
    const job = await everyMinute(policy);
    await bench.scheduler.stop();
    await bench.clock.advance(10 * minuteMs);
    await bench.restart();
    await bench.pass(1_000);

    expect(await account(job)).toEqual(expectedAfterTen[policy]);
  });

  test("a clock that jumps forward misses nothing silently", async () => {
    const job = await everyMinute(policy);
    bench.clock.jump(10 * minuteMs);
    await bench.pass(1_000);

    expect(await account(job)).toEqual(expectedAfterTen[policy]);
  });

  test("a clock that jumps backward fires nothing twice, and goes on when the time has come again", async () => {
    const job = await everyMinute(policy);
    for (let minute = 1; minute <= 3; minute += 1) await nextMinute();
    bench.clock.jump(-2 * minuteMs);
    for (let minute = 2; minute <= 5; minute += 1) await nextMinute();

    expect(await account(job)).toEqual({ fired: range(0, 5), missed: [] });
  });

  test("a clock that jumps forward and is put right again fires nothing twice", async () => {
    const job = await everyMinute(policy);
    bench.clock.jump(10 * minuteMs);
    await bench.pass(1_000);
    bench.clock.jump(-10 * minuteMs);
    for (let minute = 1; minute <= 12; minute += 1) await nextMinute();
    const { fired, missed } = await account(job);

    expect([...fired, ...missed].toSorted((a, b) => a - b)).toEqual(range(0, 12));
    expect(fired.slice(-2)).toEqual([11, 12]);
  });

  test("down, jumps and restarts in any order: each occurrence is there once", async () => {
    const job = await everyMinute(policy);
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    let latest = bench.clock.now();
    for (let step = 0; step < 25; step += 1) {
      const ms = random(15 * minuteMs);
      const kind = random(4);
      if (kind === 0) bench.clock.jump(ms);
      if (kind === 1) bench.clock.jump(-ms);
      if (kind === 2) await bench.restart();
      if (kind === 3) {
        await bench.scheduler.stop();
        await bench.clock.advance(ms);
        await bench.restart();
      }
      await bench.pass(1_000);
      latest = Math.max(latest, bench.clock.now());
    }
    const { fired, missed } = await account(job);

    const last = Math.floor((latest - job.firstAt) / minuteMs);
    expect([...fired, ...missed].toSorted((a, b) => a - b)).toEqual(range(0, last));
  });
});

test("ten years of every second are made up in one pass, and what is left out is one record", async () => {
  const firstAt = Math.ceil(bench.clock.now() / 1000) * 1000;
  const jobId = await bench.addJob({
    groups: [{ nodes: [0] }],
    schedule: { scheduleRule: "RRULE:FREQ=SECONDLY", overlapPolicy: "skip" },
    nextExecutionAt: firstAt,
  });
  await bench.scheduler.stop();
  bench.clock.jump(10 * 365 * 86_400_000);
  await bench.restart();
  await bench.pass(500);
  const page = { jobId, page: 1, size: 1_000 };
  const { items } = await listMissedOccurrences(temporary.database, page);
  const misfired = items.filter(({ cause }) => cause === "misfirePolicy");

  expect((await listInstances(temporary.database, page)).items).toHaveLength(1);
  expect(misfired).toMatchObject([
    { firstAt, count: 1_000, reason: expect.stringContaining("more than 1000") },
  ]);
});
