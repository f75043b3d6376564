import { FakeClock, CountingBus, settle, temporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Announcer } from "./announcer.ts";
import { Effects } from "./effects.ts";
import { Pump } from "./pump.ts";

async function setup() {
  const temporary = await temporaryDatabase("sqlite");
  const db = temporary.database;
  const clock = new FakeClock();
  const announcer = new Announcer({ bus: new CountingBus(), db });
  let commitCount = 0;
  const onCommitted = (): void => {
    commitCount += 1;
  };
  const pump = new Pump({ db, clock, announcer, onCommitted, log: pino({ level: "silent" }) });
  await pump.start();
  onTestFinished(async () => {
    await pump.stop();
    await temporary.dispose();
  });
  const lookAfter = async (ms: number): Promise<void> => {
    const effects = new Effects();
    effects.lookAt("instance", clock.now() + ms);
    await pump.follow(effects);
  };
  const turnsWithin = async (ms: number): Promise<number> => {
    const before = commitCount;
    await clock.advance(ms);
    await settle();
    return commitCount - before;
  };
  return { lookAfter, turnsWithin };
}

test.each([
  ["sooner", [10_000, 100]],
  ["later", [100, 10_000]],
] as const)("looks at the earliest time when the second one is %s", async (_, [first, second]) => {
  const { lookAfter, turnsWithin } = await setup();

  await lookAfter(first);
  await lookAfter(second);

  expect(await turnsWithin(99)).toBe(0);
  expect(await turnsWithin(1)).toBe(1);
});
