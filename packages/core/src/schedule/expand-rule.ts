import { civilDay, dayMs, dayNumber, weekOf, type CivilDay } from "./civil-day.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/** The calendar repeats after 400 years: what has not occurred in that time never will. */
const horizonMs = 146_097 * dayMs;

/** Bounds the work on a rule whose parts contradict each other. */
const emptyPeriodsMax = 50_000;

const hourMs = 3_600_000;
const minuteMs = 60_000;
const secondMs = 1_000;

/**
 * The rule's local times at or after `from`, ascending. Costs what lies after `from`, whatever lies before it, except
 * with COUNT, which has to be counted. Ends with the rule, or when nothing can come any more.
 */
export function* localOccurrences(rule: RecurrenceRule, from: number): Generator<number> {
  const begin = unitOf(rule, rule.start);
  const horizon = Math.max(from, rule.start) + horizonMs;
  let unit = rule.count === null ? latestUnit(rule, { begin, from }) : begin;
  let counted = 0;
  for (let empty = 0; empty < emptyPeriodsMax;) {
    const { times, resumeAt } = periodTimes(rule, unit);
    const current = times.filter((time) => time >= rule.start);
    for (const time of current) {
      if (time > lastLocal(rule) || (rule.count !== null && counted === rule.count)) return;
      counted += 1;
      if (time >= from) yield time;
    }
    empty = current.length > 0 ? 0 : empty + 1;
    unit = nextUnit(rule, { begin, unit, resumeAt });
    if (unitStart(rule, unit) > horizon) return;
  }
}

function lastLocal(rule: RecurrenceRule): number {
  return rule.until?.isLocal === true ? rule.until.at : Number.POSITIVE_INFINITY;
}

/** The last unit of the series that begins at or before `from`. */
function latestUnit(
  rule: RecurrenceRule,
  { begin, from }: { readonly begin: number; readonly from: number },
): number {
  const passed = Math.max(0, unitOf(rule, from) - begin);
  return begin + Math.floor(passed / rule.interval) * rule.interval;
}

/** The next unit of the series, at or after `resumeAt` when a whole stretch cannot match. */
function nextUnit(
  rule: RecurrenceRule,
  at: { readonly begin: number; readonly unit: number; readonly resumeAt: number | undefined },
): number {
  const { begin, unit, resumeAt } = at;
  const next = unit + rule.interval;
  if (resumeAt === undefined) return next;
  const skipped = Math.ceil((unitOf(rule, resumeAt) - begin) / rule.interval);
  return Math.max(next, begin + skipped * rule.interval);
}

/** Number of the period that holds a local time, counted in the rule's frequency. */
function unitOf({ frequency, weekStart }: RecurrenceRule, local: number): number {
  const day = Math.floor(local / dayMs);
  if (frequency === "WEEKLY") return Math.floor((day + 3 - weekStart) / 7);
  if (frequency !== "YEARLY" && frequency !== "MONTHLY")
    return Math.floor(local / unitMs[frequency]);
  const { year, month } = civilDay(day);
  return frequency === "YEARLY" ? year : year * 12 + month - 1;
}

function unitStart({ frequency, weekStart }: RecurrenceRule, unit: number): number {
  if (frequency === "WEEKLY") return (unit * 7 - 3 + weekStart) * dayMs;
  if (frequency === "YEARLY") return dayNumber(unit, 0) * dayMs;
  if (frequency === "MONTHLY") return dayNumber(0, unit) * dayMs;
  return unit * unitMs[frequency];
}

const unitMs = { DAILY: dayMs, HOURLY: hourMs, MINUTELY: minuteMs, SECONDLY: secondMs };

interface PeriodTimes {
  readonly times: readonly number[];
  /** Nothing can match before this local time. */
  readonly resumeAt?: number;
}

function periodTimes(rule: RecurrenceRule, unit: number): PeriodTimes {
  const start = unitStart(rule, unit);
  const first = Math.floor(start / dayMs);
  const days = daysOf(rule, { unit, first }).filter((day) => matchesDay(rule, day));
  if (days.length === 0) return { times: [], resumeAt: (first + 1) * dayMs };
  const withinDay = timesWithinDay(rule, start);
  if (withinDay.times.length === 0) return withinDay;
  const all = days.flatMap((day) => withinDay.times.map((time) => day * dayMs + time));
  return { times: chosenPositions(rule, all) };
}

function daysOf(
  rule: RecurrenceRule,
  { unit, first }: { readonly unit: number; readonly first: number },
): number[] {
  switch (rule.frequency) {
    case "YEARLY": {
      const months = rule.byMonth.length > 0 ? rule.byMonth : everyMonth;
      return months.flatMap((month) =>
        daysFrom(dayNumber(unit, month - 1), dayNumber(unit, month)),
      );
    }
    case "MONTHLY":
      return daysFrom(first, dayNumber(0, unit + 1));
    case "WEEKLY":
      return daysFrom(first, first + 7);
    case "DAILY":
    case "HOURLY":
    case "MINUTELY":
    case "SECONDLY":
      return [first];
  }
}

const everyMonth = Array.from({ length: 12 }, (_, index) => index + 1);

function daysFrom(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

function matchesDay(rule: RecurrenceRule, dayOfEpoch: number): boolean {
  const day = civilDay(dayOfEpoch);
  if (!isAmong(rule.byMonth, day.month)) return false;
  if (!isAmongSigned(rule.byMonthDay, day.monthDay, day.monthLength)) return false;
  if (!isAmongSigned(rule.byYearDay, day.yearDay, day.yearLength)) return false;
  if (rule.byDay.length > 0 && !matchesWeekday(rule, day)) return false;
  if (rule.byWeekNo.length === 0) return true;
  const { week, weekCount } = weekOf(dayOfEpoch, rule.weekStart);
  return isAmongSigned(rule.byWeekNo, week, weekCount);
}

function isAmong(listed: readonly number[], value: number): boolean {
  return listed.length === 0 || listed.includes(value);
}

function isAmongSigned(listed: readonly number[], value: number, count: number): boolean {
  return listed.length === 0 || listed.includes(value) || listed.includes(value - count - 1);
}

/** A numbered weekday counts within the month, in a year without BYMONTH within the year. */
function matchesWeekday(rule: RecurrenceRule, day: CivilDay): boolean {
  const isInYear = rule.frequency === "YEARLY" && rule.byMonth.length === 0;
  const [place, length] = isInYear
    ? [day.yearDay, day.yearLength]
    : [day.monthDay, day.monthLength];
  const fromStart = Math.ceil(place / 7);
  const fromEnd = -Math.ceil((length - place + 1) / 7);
  return rule.byDay.some(
    ({ weekday, ordinal }) =>
      weekday === day.weekday && (ordinal === 0 || ordinal === fromStart || ordinal === fromEnd),
  );
}

/** Times of day (ms) in this period, ascending. BYHOUR, BYMINUTE and BYSECOND widen longer periods and narrow shorter ones. */
function timesWithinDay(rule: RecurrenceRule, start: number): PeriodTimes {
  const hours = places(rule, { listed: rule.byHour, start, unit: hourMs, per: dayMs });
  if (hours.length === 0) return { times: [], resumeAt: nextMultiple(start, hourMs) };
  const minutes = places(rule, { listed: rule.byMinute, start, unit: minuteMs, per: hourMs });
  if (minutes.length === 0) return { times: [], resumeAt: nextMultiple(start, minuteMs) };
  const seconds = places(rule, { listed: rule.bySecond, start, unit: secondMs, per: minuteMs });
  const times = hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => hour + minute + second)),
  );
  return { times };
}

function places(
  rule: RecurrenceRule,
  field: {
    readonly listed: readonly number[];
    readonly start: number;
    readonly unit: number;
    readonly per: number;
  },
): number[] {
  const { listed, start, unit, per } = field;
  const placeOf = (local: number): number => Math.floor((local % per) / unit) * unit;
  if (isFixedByPeriod(rule, unit)) {
    return isAmong(listed, placeOf(start) / unit) ? [placeOf(start)] : [];
  }
  return listed.length > 0 ? listed.map((value) => value * unit) : [placeOf(rule.start)];
}

/** Whether each period has exactly one value of the field of this unit. */
function isFixedByPeriod(rule: RecurrenceRule, unit: number): boolean {
  const shortest: Partial<Record<string, number>> = {
    HOURLY: hourMs,
    MINUTELY: minuteMs,
    SECONDLY: secondMs,
  };
  return unit >= (shortest[rule.frequency] ?? Number.POSITIVE_INFINITY);
}

function nextMultiple(local: number, unit: number): number {
  return (Math.floor(local / unit) + 1) * unit;
}

function chosenPositions(rule: RecurrenceRule, times: readonly number[]): readonly number[] {
  if (rule.bySetPos.length === 0) return times;
  return times.filter((_, index) => isAmongSigned(rule.bySetPos, index + 1, times.length));
}
