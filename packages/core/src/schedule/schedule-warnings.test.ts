import { describe, expect, test } from "vitest";
import { dayMs } from "./civil-day.ts";
import { findLongFreeze, findScheduleWarnings } from "./schedule-warnings.ts";
import { globalWindowOf } from "./timetable.ts";

const now = Date.parse("2026-03-01T00:00:00Z");

function warnings(scheduleRule: string, timeZone = "UTC"): readonly string[] {
  const found = findScheduleWarnings({ scheduleRule, timeZone, exceptionRules: [] }, now);
  return found.map(({ pointer, message }) => `${pointer}: ${message}`);
}

describe("a schedule is warned about", () => {
  test.each([
    ["FREQ=SECONDLY", "every second at its densest, for ever"],
    ["RRULE:FREQ=SECONDLY;INTERVAL=59", "every 59 seconds at its densest, for ever"],
    ["FREQ=SECONDLY;COUNT=999999", "every second at its densest, more than 100 times"],
    ["FREQ=SECONDLY;UNTIL=20270101T000000Z", "every second at its densest, more than 100 times"],
    ["FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0,20", "every 20 seconds at its densest, for ever"],
    ["CRON:* * * * * *", "every second at its densest, for ever"],
    ["CRON:* 0 3 * * *", "the first of six fields is the second: 0 there"],
    ["CRON:*/30 * * * * *", "every 30 seconds at its densest, for ever"],
  ])("when its times are less than a minute apart: %s", (rule, message) => {
    expect(warnings(rule)).toEqual([expect.stringContaining(message)]);
    expect(warnings(rule)[0]).toMatch(/^\/scheduleRule: occurs /);
  });

  test.each([
    "immediate",
    "FREQ=MINUTELY",
    "FREQ=SECONDLY;INTERVAL=60",
    "FREQ=SECONDLY;COUNT=99",
    "FREQ=SECONDLY;DTSTART=20260201T000000Z;UNTIL=20260301T000100Z",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "CRON:* * * * *",
    "CRON:0 * * * * *",
    "no rule at all",
  ])("only then: %s", (rule) => {
    expect(warnings(rule)).toEqual([]);
  });
});

test("the end of a schedule is read in the job's time zone", () => {
  const rule = "FREQ=SECONDLY;UNTIL=20260228T200000";

  expect(warnings(rule)).toEqual([]);
  expect(warnings(rule, "America/New_York")).toHaveLength(1);
});

describe("a freeze is long", () => {
  function freeze(rrule: string, duration: number, others: readonly [string, number][] = []) {
    const windows = [[rrule, duration] as const, ...others].map(([text, minutes]) =>
      globalWindowOf({
        ...{ name: text, description: "", rrule: text, duration: minutes },
        ...{ timeZone: "Europe/Berlin", anchoredAt: now },
      }),
    );
    const [own] = windows;
    return own === undefined ? null : findLongFreeze(own, windows, now);
  }

  test.each([
    ["FREQ=MINUTELY", 1, now],
    ["FREQ=HOURLY", 90, now],
    ["DTSTART:20260401T000000Z\nRRULE:FREQ=DAILY;INTERVAL=2", 2 * 1440, now + 31 * dayMs],
  ])("when nothing is free after it: %s for %d minutes", (rrule, duration, from) => {
    expect(freeze(rrule, duration)).toMatchObject({ from, isEndKnown: false });
  });

  test("when its end is more than a month away, as of days that are whole but for the one with 25 hours", () => {
    expect(freeze("DTSTART=20260301;FREQ=DAILY", 1440)).toEqual({
      from: now,
      until: Date.parse("2026-10-25T22:00:00Z"),
      isEndKnown: true,
    });
  });

  test("when it takes more than 31 days, not when it takes as many", () => {
    const once = "DTSTART:20260301T000000Z\nRRULE:FREQ=DAILY;COUNT=1";

    expect(freeze(once, 31 * 1440)).toBeNull();
    expect(freeze(once, 31 * 1440 + 1)).toMatchObject({ from: now, isEndKnown: true });
  });

  test("when it fills what the others leave", () => {
    const night = "FREQ=DAILY;BYHOUR=22;BYMINUTE=0;BYSECOND=0;DTSTART=20260201";
    const day = "FREQ=DAILY;BYHOUR=6;BYMINUTE=0;BYSECOND=0;DTSTART=20260201";

    expect(freeze(day, 16 * 60)).toBeNull();
    expect(freeze(day, 17 * 60, [[night, 9 * 60]])).toMatchObject({ isEndKnown: false });
  });

  test.each([
    ["FREQ=DAILY", 1439],
    ["DTSTART=20261224;FREQ=YEARLY", 9 * 1440],
    ["DTSTART=20260301;FREQ=DAILY;COUNT=3", 1440],
    ["DTSTART=20250301;FREQ=DAILY;COUNT=3", 1440],
  ])("and not otherwise: %s for %d minutes", (rrule, duration) => {
    expect(freeze(rrule, duration)).toBeNull();
  });
});
