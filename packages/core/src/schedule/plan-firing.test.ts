import { describe, expect, test } from "vitest";
import { planFiring } from "./plan-firing.ts";
import { findScheduleProblems, timetableOf } from "./timetable.ts";

const day = Date.parse("2026-03-02T00:00:00Z");
const hour = 3_600_000;
const anchor = day - 24 * hour;

function job(scheduleRule: string, exceptionRules: { rrule: string; duration: number }[] = []) {
  return { scheduleRule, exceptionRules };
}

const hourly = timetableOf(job("RRULE:FREQ=HOURLY;BYMINUTE=0;BYSECOND=0"), anchor);

describe("occurrences that came while no service was there", () => {
  test.each([
    ["skip", [], 5],
    ["runLatest", [4], 4],
    ["runAll", [0, 1, 2, 3, 4], 0],
  ] as const)("%s", (misfirePolicy, fired, missedCount) => {
    const now = day + 4.5 * hour;

    const firing = planFiring(hourly, { dueAt: day, now, misfirePolicy });

    expect(firing.fire).toEqual(fired.map((hours) => day + hours * hour));
    expect(firing.missed?.count ?? 0).toBe(missedCount);
    expect(firing.nextAt).toBe(day + 5 * hour);
  });

  test("one that is on time is executed whatever was missed before it", () => {
    const firing = planFiring(hourly, {
      ...{ dueAt: day, now: day + 2 * hour + 5_000 },
      misfirePolicy: "runLatest",
    });

    expect(firing.fire).toEqual([day + 2 * hour]);
    expect(firing.missed).toEqual({ firstAt: day, lastAt: day + hour, count: 2, isCounted: true });
  });

  test.each([
    ["runAll", 161],
    ["runLatest", 61],
    ["skip", 61],
  ] as const)(
    "ten years of every second by %s, without looking at each",
    (misfirePolicy, count) => {
      const secondly = timetableOf(job("RRULE:FREQ=SECONDLY"), anchor);
      const now = day + 10 * 365 * 24 * hour;

      const firing = planFiring(secondly, { dueAt: day, now, misfirePolicy });

      expect(firing.fire).toEqual(
        Array.from({ length: count }, (_, n) => now - (count - 1 - n) * 1_000),
      );
      expect(firing.missed).toEqual({
        ...{ firstAt: day, lastAt: now - count * 1_000 },
        ...{ count: 1_000, isCounted: false },
      });
      expect(firing.nextAt).toBe(now + 1_000);
    },
  );

  test("a crowd that lies far back is found too", () => {
    const january = timetableOf(job("RRULE:FREQ=SECONDLY;BYMONTH=1"), anchor);
    const now = Date.parse("2027-11-01T00:00:00Z");
    const lastAt = Date.parse("2027-01-31T23:59:59Z");

    const firing = planFiring(january, { dueAt: day, now, misfirePolicy: "runAll" });

    expect(firing.fire).toEqual(Array.from({ length: 100 }, (_, n) => lastAt - (99 - n) * 1_000));
    expect(firing.missed?.lastAt).toBe(lastAt - 100_000);
  });
});

describe("exception windows", () => {
  const weekend = {
    rrule: "RRULE:FREQ=WEEKLY;BYDAY=SA;BYHOUR=0;BYMINUTE=0;BYSECOND=0",
    duration: 2880,
  };

  test("hold back what lies in [start, end)", () => {
    const guarded = timetableOf(job("CRON:*/1 * * * *", [weekend]), anchor);
    const friday = Date.parse("2026-03-06T23:59:00Z");

    const firing = planFiring(guarded, { dueAt: friday, now: friday, misfirePolicy: "runLatest" });

    expect(firing.nextAt).toBe(Date.parse("2026-03-09T00:00:00Z"));
  });

  test("that block everything are a problem of the template", () => {
    const always = { rrule: "RRULE:FREQ=DAILY;BYHOUR=0;BYMINUTE=0;BYSECOND=0", duration: 1440 };

    expect(findScheduleProblems(job("CRON:*/5 * * * *", [always]), day)).toEqual([
      { pointer: "/exceptionRules", message: expect.stringContaining("block every occurrence") },
    ]);
  });
});

test("an impossible rule is a problem of the template", () => {
  const problems = findScheduleProblems(job("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), day);

  expect(problems).toEqual([
    { pointer: "/scheduleRule", message: expect.stringContaining("never occurs") },
  ]);
});

test("all unreadable rules are named at once", () => {
  const problems = findScheduleProblems(
    job("RRULE:FREQ=DALY", [{ rrule: "immediate", duration: 5 }]),
    day,
  );

  expect(problems.map(({ pointer }) => pointer)).toEqual([
    "/scheduleRule",
    "/exceptionRules/0/rrule",
  ]);
});
