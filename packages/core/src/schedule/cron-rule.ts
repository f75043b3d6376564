import { CronExpressionParser } from "cron-parser";
import { dayMs, dayNumber } from "./civil-day.ts";
import type { RecurrenceRule, WeekdayEntry } from "./recurrence-rule.ts";
import { RuleProblem } from "./rule-text.ts";

/**
 * A cron expression of 5 or 6 fields (second first) as a rule that recurs on the wall clock of `zone`, so that cron and RRULE
 * share one search and one rule for clock changes. Throws RuleProblem.
 */
export function parseCron(expression: string, zone: string): RecurrenceRule {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = fieldsOf(expression);
  const byMonthDay = dayOfMonth.isWildcard ? [] : dayOfMonth.values.map(monthDay);
  const byDay = dayOfWeek.isWildcard
    ? []
    : dayOfWeek.values.map((value) => weekday(value, dayOfWeek.nthDay));
  return {
    ...{ zone, start: firstStart, frequency: "MONTHLY", interval: 1, count: null, until: null },
    ...{ weekStart: 0, byDay, byMonthDay, byYearDay: [], byWeekNo: [], bySetPos: [] },
    bySecond: second.values,
    byMinute: minute.values,
    byHour: hour.values,
    byMonth: month.values,
    isEitherDay: byMonthDay.length > 0 && byDay.length > 0,
  };
}

/** Where the series begins: long before anything that is asked. */
const firstStart = dayNumber(1, 0) * dayMs;

type CronFields = ReturnType<typeof CronExpressionParser.parse>["fields"];

function fieldsOf(expression: string): CronFields {
  const fields = expression.split(/\s+/);
  if (!expression.startsWith("@") && fields.length !== 5 && fields.length !== 6) {
    throw new RuleProblem(
      `CRON:${expression} has ${fields.length} fields; expected 5 (minute hour day month weekday) or 6 (second first)`,
    );
  }
  if (fields.some((field) => /(?:^|,)H(?![A-Z])/i.test(field))) {
    throw new RuleProblem(
      `CRON:${expression}: H stands for a value that is drawn anew each time; write the value`,
    );
  }
  try {
    return CronExpressionParser.parse(expression, { tz: "UTC", currentDate: 0 }).fields;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    throw new RuleProblem(`CRON:${expression}: ${plainReasons.get(reason) ?? reason}`);
  }
}

/** What the library says of dates that there are not, in words that name them. */
const plainReasons: ReadonlyMap<string, string> = new Map([
  [
    "Invalid explicit day of month definition",
    "the rule never occurs: none of its months has such a day",
  ],
]);

/** `L` is the last day of the month. */
function monthDay(value: number | string): number {
  return value === "L" ? -1 : Number(value);
}

/** 0 and 7 are Sunday, `5L` the last Friday; `nth` is 1 to 5 for `5#2`, else 0. */
function weekday(value: number | string, nth: number): WeekdayEntry {
  const text = String(value);
  return {
    weekday: (Number.parseInt(text, 10) + 6) % 7,
    ordinal: text.endsWith("L") ? -1 : nth,
  };
}
