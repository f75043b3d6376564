import { FakeClock, settle, stressService } from "@courier/testkit";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Loop, type LoopWork } from "./loop.ts";

function setup(work: LoopWork) {
  const clock = new FakeClock();
  const log = pino({ level: "silent" });
  return { clock, loop: new Loop({ name: "test", clock, log, intervalMs: 100, work }) };
}

/** Work that ends when the test says so. */
function patientWork() {
  const ends: ((isMoreDue: boolean) => void)[] = [];
  let callCount = 0;
  const work: LoopWork = () => {
    callCount += 1;
    return new Promise((resolve) => {
      ends.push(resolve);
    });
  };
  const end = async (isMoreDue: boolean): Promise<void> => {
    ends.shift()?.(isMoreDue);
    await settle();
  };
  return { work, end, calls: () => callCount };
}

test("works when it starts and then at every interval", async () => {
  let callCount = 0;
  const { clock, loop } = setup(async () => {
    callCount += 1;
    return false;
  });

  await loop.start();
  await clock.advance(99);
  expect(callCount).toBe(1);
  await clock.advance(201);

  expect(callCount).toBe(4);
  await loop.stop();
});

test("works again at once while more is due", async () => {
  const { work, end, calls } = patientWork();
  const { loop } = setup(work);
  await loop.start();

  await end(true);
  expect(calls()).toBe(2);
  await end(false);

  expect(calls()).toBe(2);
  await loop.stop();
});

test("never works twice at the same time, but once more when it is woken meanwhile", async () => {
  const { work, end, calls } = patientWork();
  const { loop } = setup(work);
  await loop.start();

  loop.wake();
  loop.wake();
  await settle();
  expect(calls()).toBe(1);
  await end(false);
  expect(calls()).toBe(2);
  await end(false);

  expect(calls()).toBe(2);
  await loop.stop();
});

test("survives a failure and tries again at the next interval", async () => {
  let callCount = 0;
  const { clock, loop } = setup(async () => {
    callCount += 1;
    throw new Error("the database is away");
  });

  await loop.start();
  await clock.advance(200);

  expect(callCount).toBe(3);
  await loop.stop();
});

test("ends its stop only when the work under way has ended", async () => {
  const { work, end } = patientWork();
  const { loop } = setup(work);
  await loop.start();
  let isStopped = false;

  const stopped = loop.stop().then(() => {
    isStopped = true;
  });
  await settle();
  expect(isStopped).toBe(false);
  await end(true);
  await stopped;

  expect(isStopped).toBe(true);
});

test("does nothing after its stop", async () => {
  let callCount = 0;
  const { clock, loop } = setup(async () => {
    callCount += 1;
    return true;
  });
  await loop.start();
  await loop.stop();
  const callsAtStop = callCount;

  loop.wake();
  await clock.advance(1000);

  expect(callCount).toBe(callsAtStop);
  expect(clock.pendingCount).toBe(0);
});

test("keeps the promises of a Service", async () => {
  const { clock, loop } = setup(async () => false);

  await stressService(loop);

  expect(clock.pendingCount).toBe(0);
});
