import { describe, expect, test } from "vitest";
import { decideStart } from "./decide-start.ts";
import { estimateRunTimes } from "./estimate-run-times.ts";
import { firstFreeInstant, nextExecution, spansUntil } from "./next-execution.ts";
import { planFiring } from "./plan-firing.ts";
import {
  findGlobalExceptionProblems,
  globalWindowOf,
  isSameSchedule,
  timetableOf,
  type GlobalException,
  type Timetable,
} from "./timetable.ts";

/** 2026-12-01T00:00:00Z, a Tuesday. */
const start = 1_796_083_200_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const freeze: GlobalException = {
  name: "freeze",
  description: "no changes",
  rrule: "DTSTART:20261201T120000Z\nRRULE:FREQ=DAILY;COUNT=1",
  duration: 3 * 24 * 60,
  timeZone: "UTC",
  anchoredAt: start,
};
const label = 'global exception "freeze" (no changes)';

function timetable(
  scheduleRule: string,
  options: {
    readonly rules?: readonly GlobalException[];
    readonly own?: { rrule: string; duration: number }[];
    readonly ignoreExceptions?: true;
  } = {},
): Timetable {
  const { rules = [freeze], own = [], ...job } = options;
  return timetableOf(
    { scheduleRule, exceptionRules: own, ...job },
    start,
    rules.map(globalWindowOf),
  );
}

const daily = "RRULE:FREQ=DAILY;BYHOUR=15;BYMINUTE=0;BYSECOND=0";

describe("the next execution", () => {
  test("is the first occurrence after a global exception, and names it with what it blocks", () => {
    const windowEndsAt = start + 12 * hourMs + 3 * dayMs;

    expect(nextExecution(timetable(daily), start)).toEqual({
      nextAt: start + 15 * hourMs + 3 * dayMs,
      blocked: [
        {
          label,
          windowEndsAt,
          firstAt: start + 15 * hourMs,
          lastAt: start + 15 * hourMs + 2 * dayMs,
          count: 3,
        },
      ],
      reviewAt: null,
    });
  });

  test("does not mind global exceptions when the job ignores them, its own it does", () => {
    const own = [{ rrule: "DTSTART:20261201T150000Z\nRRULE:FREQ=DAILY;COUNT=1", duration: 1 }];

    const next = nextExecution(timetable(daily, { own, ignoreExceptions: true }), start);

    expect(next.nextAt).toBe(start + 15 * hourMs + dayMs);
    expect(next.blocked.map((span) => span.count)).toEqual([1]);
  });

  test("is none for now when the last occurrence is blocked, and to be looked at again when that has passed", () => {
    const once = "DTSTART:20261202T000000Z\nRRULE:FREQ=DAILY;COUNT=1";

    const next = nextExecution(timetable(once), start);

    expect(next).toMatchObject({ nextAt: null, reviewAt: start + dayMs + 1 });
    expect(nextExecution(timetable(once), start + dayMs)).toEqual({
      nextAt: null,
      blocked: [],
      reviewAt: null,
    });
  });

  test("is none while the windows of a rule without end block everything, which is one reason", () => {
    const always = { ...freeze, rrule: "RRULE:FREQ=DAILY", duration: 1440 };

    const next = nextExecution(timetable(daily, { rules: [always] }), start);

    expect(next.nextAt).toBeNull();
    expect(next.reviewAt).toBeGreaterThan(start + 900 * dayMs);
    expect(next.blocked).toMatchObject([{ firstAt: start + 15 * hourMs, count: 1000 }]);
    const immediate = nextExecution(timetable("immediate", { rules: [always] }), start - 1);
    expect(immediate).toMatchObject({ nextAt: null, blocked: [{ firstAt: start, count: 1 }] });
  });

  test("has at most 100 reasons, however many rules block in turn", () => {
    const rules = [0, 12].map((hour) => ({
      ...freeze,
      name: `at ${hour}`,
      rrule: `RRULE:FREQ=DAILY;BYHOUR=${hour};BYMINUTE=0;BYSECOND=0`,
      duration: 720,
    }));

    const { blocked } = nextExecution(timetable("RRULE:FREQ=HOURLY;INTERVAL=12", { rules }), start);

    expect(blocked).toHaveLength(100);
    expect(blocked.at(-1)?.count).toBe(901);
  });

  test("of an immediate job is the end of the windows that are open, one after the other", () => {
    const second = {
      ...freeze,
      name: "second",
      rrule: "DTSTART:20261204T120000Z\nFREQ=DAILY;COUNT=1",
    };
    const immediate = timetable("immediate", { rules: [freeze, second] });
    const from = start + 13 * hourMs;

    const next = nextExecution(immediate, from - 1);

    expect(next.nextAt).toBe(start + 12 * hourMs + 6 * dayMs);
    expect(next.blocked.map((span) => [span.label, span.firstAt])).toEqual([
      [label, from],
      ['global exception "second" (no changes)', from],
    ]);
    expect(nextExecution(immediate, start).nextAt).toBe(start + 1);
  });
});

test("what was blocked by an instant is told apart from what is still to come", () => {
  const schedule = timetable(daily);
  const { blocked } = nextExecution(schedule, start);

  expect(spansUntil(schedule, blocked, start)).toEqual([]);
  expect(spansUntil(schedule, blocked, start + 2 * dayMs)).toMatchObject([
    { firstAt: start + 15 * hourMs, lastAt: start + 15 * hourMs + dayMs, count: 2 },
  ]);
  expect(spansUntil(schedule, blocked, start + 9 * dayMs)).toEqual(blocked);
});

test("an occurrence that a new exception covers is held back although it was free when it was planned", () => {
  const dueAt = start + 15 * hourMs;

  const firing = planFiring(timetable(daily), { dueAt, now: dueAt, misfirePolicy: "runLatest" });

  expect(firing.fire).toEqual([]);
  expect(firing.heldBack).toMatchObject([{ label, firstAt: dueAt, count: 1 }]);
  expect(firing.nextAt).toBe(dueAt + 3 * dayMs);
});

test("what a window blocked while no service was there is held back, not missed", () => {
  const dueAt = start + 11 * hourMs;
  const hourly = timetable("RRULE:FREQ=HOURLY");

  const firing = planFiring(hourly, { dueAt, now: dueAt + 4 * hourMs, misfirePolicy: "skip" });

  expect(firing.missed).toMatchObject({ firstAt: dueAt, lastAt: dueAt, count: 1 });
  expect(firing.heldBack).toMatchObject([{ firstAt: dueAt + hourMs, count: 4 }]);
});

describe("an estimate", () => {
  test("has the free times, those that are blocked on the way, and where the schedule ends", () => {
    const rule = "DTSTART:20261201T150000Z\nRRULE:FREQ=DAILY;COUNT=5";

    const estimate = estimateRunTimes(timetable(rule), { after: start, count: 9 });

    expect(estimate.times).toEqual([3, 4].map((day) => start + 15 * hourMs + day * dayMs));
    expect(estimate.blocked.map(({ at }) => at)).toEqual(
      [0, 1, 2].map((day) => start + 15 * hourMs + day * dayMs),
    );
    expect(estimate.notes).toEqual(["the schedule ends here"]);
  });

  test("notes the times that a change of the clocks moves", () => {
    const night = timetableOf(
      { scheduleRule: "CRON:30 2 * * *", exceptionRules: [], timeZone: "Europe/Berlin" },
      start,
    );
    // The night before the clocks are put forward.
    const after = Date.UTC(2027, 2, 27, 12);

    const { times, notes } = estimateRunTimes(night, { after, count: 1 });

    expect(times).toEqual([Date.UTC(2027, 2, 28, 1, 0)]);
    expect(notes).toEqual([
      "2027-03-28 02:30:00 does not exist in Europe/Berlin: fires at the first valid instant after it",
    ]);
  });

  test("of an immediate job is now, or the end of what blocks it", () => {
    const at = start + 13 * hourMs;

    expect(estimateRunTimes(timetable("immediate"), { after: at - 1, count: 5 })).toMatchObject({
      times: [start + 12 * hourMs + 3 * dayMs],
      blocked: [{ at, label }],
    });
  });
});

describe("a start", () => {
  const now = start + 13 * hourMs;
  const free = firstFreeInstant([], now);
  const frozen = firstFreeInstant([globalWindowOf(freeze)], now);

  test.each([
    [free, "queue", false, { kind: "start" }],
    [free, "allow", true, { kind: "start" }],
    [free, "queue", true, { kind: "queue" }],
    [free, "skip", true, { kind: "drop" }],
    [frozen, "allow", false, { kind: "hold", notBefore: start + 12 * hourMs + 3 * dayMs }],
    [frozen, "skip", true, { kind: "hold" }],
  ] as const)("%# does what freezes and the overlap policy say", (...given) => {
    const [freezeNow, overlapPolicy, isInstanceOpen, decision] = given;

    expect(decideStart({ now, freeze: freezeNow, overlapPolicy, isInstanceOpen })).toMatchObject(
      decision,
    );
  });
});

describe("a global exception", () => {
  test.each([
    [{ rrule: "RRULE:FREQ=HOURY" }, "/rrule"],
    [{ rrule: "DTSTART:20261201T000000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" }, "/rrule"],
    [{ rrule: "DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;COUNT=1" }, "/rrule"],
    [{ rrule: "immediate" }, "/rrule"],
    [{ timeZone: "Mars/Olympus" }, "/timeZone"],
  ])("%j is refused with its place", (change, pointer) => {
    const problems = findGlobalExceptionProblems({ ...freeze, ...change }, start);

    expect(problems.map((problem) => problem.pointer)).toEqual([pointer]);
  });

  test.each([
    ["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no date and time match"],
    ["DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;COUNT=1", "its last time has passed"],
    ["DTSTART:20270101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20260101T000000Z", "it ends (UNTIL) before"],
    ["DTSTART:20270101T000000\nRRULE:FREQ=DAILY;UNTIL=20260101T000000", "it ends (UNTIL) before"],
    ["RRULE:FREQ=DAILY;UNTIL=20200101T000000Z", "it ends (UNTIL) before"],
  ])("says why it never opens: %s", (rrule, message) => {
    expect(findGlobalExceptionProblems({ ...freeze, rrule }, start)).toEqual([
      { pointer: "/rrule", message: expect.stringContaining(message) },
    ]);
  });

  test("may have opened already, as long as it has not closed", () => {
    const open = start + 13 * hourMs;

    expect(findGlobalExceptionProblems(freeze, open)).toEqual([]);
    expect(findGlobalExceptionProblems(freeze, open + 3 * dayMs)).toHaveLength(1);
  });
});

test("two versions of a job run at the same times when rules and zone are the same", () => {
  const job = { scheduleRule: daily, exceptionRules: [] };

  expect(isSameSchedule(job, { ...job, timeZone: "UTC" })).toBe(true);
  expect(isSameSchedule(job, { ...job, timeZone: "Asia/Tokyo" })).toBe(false);
  expect(isSameSchedule(job, { ...job, scheduleRule: "immediate" })).toBe(false);
});
