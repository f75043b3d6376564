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
    const plain = wrongField(fields) ?? plainReasons.get(reason) ?? reason;
    throw new RuleProblem(`CRON:${expression}: ${plain}`);
  }
}

const fieldNames = [
  ["second", "0 to 59"],
  ["minute", "0 to 59"],
  ["hour", "0 to 23"],
  ["day of the month", "1 to 31, or L"],
  ["month", "1 to 12, or JAN to DEC"],
  ["weekday", "0 to 7, or SUN to SAT"],
] as const;

/** The first field that is wrong for itself, in words; undefined when each alone is right. */
function wrongField(fields: readonly string[]): string | undefined {
  const named = fieldNames.slice(fieldNames.length - fields.length);
  const index = fields.findIndex((field, place) => !isField(field, place, fields.length));
  const [name, values] = named[index] ?? [];
  if (name === undefined) return undefined;
  return `${JSON.stringify(fields[index])} is no ${name}: expected ${values}, or *, a list, a range or a step of them`;
}

function isField(field: string, place: number, count: number): boolean {
  const alone = Array.from({ length: count }, (_, index) => (index === place ? field : "*"));
  try {
    CronExpressionParser.parse(alone.join(" "), { tz: "UTC", currentDate: 0 });
    return true;
  } catch {
    // Why is what `wrongField` says.
    return false;
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
