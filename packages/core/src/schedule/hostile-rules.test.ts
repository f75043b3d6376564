import { describe, expect, test } from "vitest";
import { newSearch, searchStepsMax } from "./expand-rule.ts";
import { planFiring } from "./plan-firing.ts";
import { nextOccurrence, occurrencesAfter, parseSchedule, type Schedule } from "./schedule.ts";
import { findScheduleProblems, timetableOf } from "./timetable.ts";

const now = Date.parse("2026-03-01T00:00:00Z");

function schedule(text: string): Schedule {
  const parsed = parseSchedule(text, { timeZone: "UTC", anchor: now });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.schedule;
}

const all = (count: number): string => Array.from({ length: count }, (_, n) => n).join(",");

describe("a search takes a bounded number of steps", () => {
  test.each([
    // 30 February, in every frequency.
    ...["YEARLY", "MONTHLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"].map(
      (frequency) => `FREQ=${frequency};BYMONTH=2;BYMONTHDAY=30`,
    ),
    "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTHDAY=30",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTH=6",
    "FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29;DTSTART=19000101",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU;DTSTART=20260302",
    // Positions that no period has.
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=YEARLY;BYDAY=MO;BYSETPOS=60",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MINUTELY;BYHOUR=9;BYSETPOS=2",
    "FREQ=SECONDLY;BYMONTH=1;BYSETPOS=-2",
    // Parts that the interval never meets.
    "FREQ=SECONDLY;INTERVAL=60;BYSECOND=30;DTSTART=20260101T000000",
    "FREQ=SECONDLY;INTERVAL=172800;BYHOUR=3;DTSTART=20000101T040000",
    "FREQ=HOURLY;INTERVAL=48;BYHOUR=3;DTSTART=20000101T040000",
    // What is over.
    "FREQ=SECONDLY;UNTIL=20200101T000000Z",
    "FREQ=DAILY;COUNT=3;DTSTART=20200101",
    "FREQ=DAILY;UNTIL=19700101T000000Z;DTSTART=00010101",
  ])("%s never occurs", (text) => {
    const search = newSearch();

    expect(nextOccurrence(schedule(text), now, search)).toBeNull();
    expect(search.steps).toBeLessThanOrEqual(searchStepsMax + 400);
  });

  test.each([
    ["FREQ=DAILY;DTSTART=00010101T030000Z", "2026-03-01T03:00:00.000Z"],
    ["FREQ=SECONDLY;DTSTART=00010101T000000Z", "2026-03-01T00:00:01.000Z"],
    ["FREQ=SECONDLY;INTERVAL=7;DTSTART=00010101T000000Z", "2026-03-01T00:00:06.000Z"],
    ["FREQ=YEARLY;DTSTART=99991231T235959Z", "9999-12-31T23:59:59.000Z"],
    ["FREQ=SECONDLY;COUNT=999999999", "2026-03-01T00:00:01.000Z"],
    ["FREQ=SECONDLY;INTERVAL=7;COUNT=999999999", "2026-03-01T00:00:07.000Z"],
    [
      `FREQ=YEARLY;BYHOUR=${all(24)};BYMINUTE=${all(60)};BYSECOND=${all(60)}`,
      "2026-03-01T00:00:01.000Z",
    ],
    [
      `FREQ=YEARLY;BYDAY=MO;BYHOUR=${all(24)};BYMINUTE=${all(60)};BYSECOND=${all(60)};BYSETPOS=-1`,
      "2026-12-28T23:59:59.000Z",
    ],
    // 75600 × 86399 s after its start.
    [
      "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=0;BYSECOND=0;DTSTART=20000101",
      "2206-12-26T03:00:00.000Z",
    ],
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU", "2028-02-29T00:00:00.000Z"],
    ["CRON:0 0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
  ])("%s occurs next at %s", (text, expected) => {
    const search = newSearch();
    const next = nextOccurrence(schedule(text), now, search);

    expect(new Date(next?.at ?? 0).toISOString()).toBe(expected);
    expect(search.steps).toBeLessThanOrEqual(searchStepsMax + 400);
  });

  test("nothing occurs after the year 9999", () => {
    const last = [...occurrencesAfter(schedule("FREQ=DAILY;DTSTART=99991230"), now)];

    expect(last).toHaveLength(2);
  });
});

test("what cannot be counted in time is refused", () => {
  const job = { scheduleRule: "FREQ=DAILY;BYDAY=MO;COUNT=999999", exceptionRules: [] };

  expect(findScheduleProblems(job, now)).toEqual([
    {
      pointer: "/scheduleRule",
      message: "COUNT=999999 of this rule takes too long to count; end the series by UNTIL instead",
    },
  ]);
});

test("a search that was given up is told from a rule that never occurs", () => {
  const job = {
    scheduleRule: "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    exceptionRules: [],
  };
  const problems = findScheduleProblems(job, now);

  expect(problems).toEqual([
    { pointer: "/scheduleRule", message: expect.stringContaining("100000 steps of search") },
  ]);
});

test("a hundred exception rules that never open cost what they guard, not a search of centuries each", () => {
  const exceptionRules = Array.from({ length: 100 }, () => ({
    rrule: "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    duration: 60,
  }));
  const timetable = timetableOf({ scheduleRule: "FREQ=DAILY", exceptionRules }, now);
  let looks = 0;
  const windows = timetable.windows.map((window) => {
    if (window.schedule.kind === "immediate") throw new Error("no window");
    const { rule } = window.schedule.series;
    const watched = new Proxy(rule, {
      get: (target, name: keyof typeof rule) => {
        if (name === "byMonth") looks += 1;
        return target[name];
      },
    });
    return {
      ...window,
      schedule: { ...window.schedule, series: { ...window.schedule.series, rule: watched } },
    };
  });

  const firing = planFiring(
    { ...timetable, windows },
    { dueAt: now, now: now + 50 * 86_400_000, misfirePolicy: "runLatest" },
  );

  expect(firing.nextAt).toBe(now + 51 * 86_400_000);
  // Each of a hundred rules looks at the days of the months that pass, a few times each.
  expect(looks).toBeLessThan(100 * 90 * 10);
});
