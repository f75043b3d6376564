import { describe, expect, test } from "vitest";
import { nextOccurrence, occurrencesAfter, parseSchedule, type Schedule } from "./schedule.ts";

function schedule(text: string, timeZone = "UTC"): Schedule {
  const parsed = parseSchedule(text, { timeZone, anchor: Date.parse("2026-03-01T10:00:00.400Z") });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.schedule;
}

function firstSix(of: Schedule, after: string): string[] {
  const times: string[] = [];
  for (const { at } of occurrencesAfter(of, Date.parse(after))) {
    if (times.push(new Date(at).toISOString()) === 6) break;
  }
  return times;
}

describe("clock changes", () => {
  test("a time that does not exist fires once at the first valid instant", () => {
    const daily = schedule("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", "Europe/Berlin");

    expect(nextOccurrence(daily, Date.parse("2026-03-28T12:00:00Z"))).toEqual({
      at: Date.parse("2026-03-29T01:00:00Z"),
      note: "2026-03-29 02:30:00 does not exist in Europe/Berlin: fires at the first valid instant after it",
    });
  });

  test("a time that occurs twice fires once, at the first", () => {
    const daily = schedule("CRON:30 2 * * *", "Europe/Berlin");

    expect(firstSix(daily, "2026-10-24T12:00:00Z").slice(0, 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
    expect(nextOccurrence(daily, Date.parse("2026-10-24T12:00:00Z"))?.note).toBe(
      "2026-10-25 02:30:00 occurs twice in Europe/Berlin: fires at the first",
    );
  });

  test("a day that a zone skipped moves to the next", () => {
    const daily = schedule("DTSTART;TZID=Pacific/Apia:20111229T120000\nRRULE:FREQ=DAILY");

    expect(firstSix(daily, "2011-12-29T00:00:00Z").slice(0, 3)).toEqual([
      "2011-12-29T22:00:00.000Z",
      "2011-12-30T10:00:00.000Z",
      "2011-12-30T22:00:00.000Z",
    ]);
  });
});

describe("the forms of a start", () => {
  test.each([
    ["DTSTART;TZID=America/New_York:20260401T090000 RRULE:FREQ=DAILY", "2026-04-01T13:00:00.000Z"],
    ["RRULE:FREQ=DAILY;DTSTART=20260401T090000Z", "2026-04-01T09:00:00.000Z"],
    ["FREQ=DAILY;DTSTART=20260401", "2026-04-01T00:00:00.000Z"],
    ["FREQ=DAILY", "2026-03-01T10:00:01.000Z"],
    ["CRON:0 9 * * MON", "2026-03-02T09:00:00.000Z"],
    ["CRON:30 0 9 * * *", "2026-03-02T09:00:30.000Z"],
    [
      'DTSTART;VALUE=DATE-TIME;TZID="america/new_york":20260401T090000\nFREQ=DAILY',
      "2026-04-01T13:00:00.000Z",
    ],
    ["RRULE:FREQ=DAILY\nDTSTART;TZID=US/Eastern:20260401T090000", "2026-04-01T13:00:00.000Z"],
    ["dtstart;tzid=Asia/Calcutta:20260401t090000 rrule:freq=daily", "2026-04-01T03:30:00.000Z"],
    [String.raw`DTSTART:20260401T090000Z\nRRULE:FREQ=DAILY`, "2026-04-01T09:00:00.000Z"],
    ["FREQ=DAILY;DTSTART=20260401T235960Z", "2026-04-01T23:59:59.000Z"],
    ["FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=60", "2026-03-02T09:00:59.000Z"],
    ["CRON:0 9 L * *", "2026-03-31T09:00:00.000Z"],
    ["CRON:0 9 * * 5L", "2026-03-27T09:00:00.000Z"],
    ["CRON:0 9 * * 1#2", "2026-03-09T09:00:00.000Z"],
    ["CRON:0 9 20 * SUN", "2026-03-08T09:00:00.000Z"],
    ["CRON:@hourly", "2026-03-01T11:00:00.000Z"],
  ])("%s", (text, expected) => {
    expect(firstSix(schedule(text), "2026-03-01T10:00:00.400Z")[0]).toBe(expected);
  });
});

test.each([
  ["FREQ=DALY", "FREQ=DALY is not known"],
  ["RRULE:BYHOUR=2", "FREQ is missing"],
  ["FREQ=DAILY;BYHUOR=2", '"BYHUOR=2" is not a rule part; did you mean BYHOUR?'],
  ["FREQ=DAILY;COLOR=2", "is not a rule part; they are DTSTART, FREQ"],
  ["FREQ=DAILY;BYHOUR=25", '"25" is not between 0 and 23'],
  ["FREQ=DAILY;COUNT=2;UNTIL=20300101", "COUNT and UNTIL exclude each other"],
  ["FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY or FREQ=YEARLY"],
  ["FREQ=DAILY;FREQ=DAILY", "FREQ is given twice"],
  ["FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is not between"],
  ["DTSTART:20260230 RRULE:FREQ=DAILY", "DTSTART=20260230 is not a date"],
  ["DTSTART;TZID=Mars/Base:20260201 RRULE:FREQ=DAILY", 'time zone "Mars/Base" is not known'],
  ["DTSTART;TZID=Europe/Berln:20260201 RRULE:FREQ=DAILY", 'did you mean "Europe/Berlin"?'],
  ["CRON:61 * * * *", 'CRON:61 * * * *: "61" is no minute: expected 0 to 59, or *'],
  ["CRON:0 61 * * * *", '"61" is no minute: expected 0 to 59'],
  ["CRON:0 0 * * MOON", '"MOON" is no weekday: expected 0 to 7, or SUN to SAT'],
  ["CRON:0 0 1-40 * *", '"1-40" is no day of the month: expected 1 to 31'],
  ["CRON:H 3 * * *", "H stands for a value that is drawn anew each time"],
  ["DTSTART:20260201 DTSTART:20260202 RRULE:FREQ=DAILY", "DTSTART is given twice"],
  ["DTSTART:20260201 RRULE:FREQ=DAILY;DTSTART=20260202", "DTSTART is given twice"],
  ["DTSTART;ZONE=X:20260201 RRULE:FREQ=DAILY", "is not DTSTART[;TZID=zone]:"],
  ["DTSTART:00000101 RRULE:FREQ=DAILY", "DTSTART=00000101 is not a date"],
  ["DTSTART;TZID=+02:00:20260201 RRULE:FREQ=DAILY", 'time zone "+02" is not known'],
  ["EXDATE:20260201 RRULE:FREQ=DAILY", "hold occurrences back by exceptionRules"],
  ["CRON:* *", "has 2 fields; expected 5"],
  ["CRON:0 0 30 2 *", "the rule never occurs: none of its months has such a day"],
  ["", "expected exactly one rule"],
])("refuses %j", (text, message) => {
  const parsed = parseSchedule(text, { timeZone: "UTC", anchor: 0 });

  expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(message) });
});

test.each([
  "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
  "FREQ=SECONDLY;INTERVAL=60;BYSECOND=30;DTSTART=20260101T000000Z",
  "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
  "FREQ=DAILY;UNTIL=20200101T000000Z",
])("%s never occurs", (text) => {
  expect(nextOccurrence(schedule(text), Date.parse("2026-03-01T00:00:00Z"))).toBeNull();
});

test("finds what is next without counting what is past", () => {
  const everySecond = schedule("DTSTART:19700101T000000Z RRULE:FREQ=SECONDLY");

  expect(nextOccurrence(everySecond, Date.parse("2026-03-01T00:00:00Z"))?.at).toBe(
    Date.parse("2026-03-01T00:00:01Z"),
  );
});
