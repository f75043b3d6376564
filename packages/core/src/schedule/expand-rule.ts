import { civilDay, dayMs, dayNumber, daysOf400Years } from "./civil-day.ts";
import type { Frequency, RecurrenceRule } from "./recurrence-rule.ts";
import {
  chosenPlaces,
  hourMs,
  indexAtOrAfter,
  matchFrom,
  periodOf,
  sizeWithinDay,
  type Period,
  type SearchMeter,
} from "./rule-period.ts";
import { inWholeDays } from "./whole-days.ts";

/**
 * Steps (periods and days looked at) of one search for the next time. A search that is stopped here has found nothing for
 * decades; it has cost about 25 ms.
 */
export const searchStepsMax = 100_000;

/** A rule ready to be computed with: the end of a counted series is known, so that nothing is counted twice. */
export interface Series {
  readonly rule: RecurrenceRule;
  /** Last local time that may occur. */
  readonly last: number;
  /** Neither COUNT nor a local UNTIL ends it. */
  readonly isEndless: boolean;
}

/** What a search looked at, and whether it was stopped before it knew that nothing comes. */
export interface Search extends SearchMeter {
  /** Local time after which nobody wants to know. */
  readonly upTo: number;
  gaveUp: boolean;
}

/** A search that has not begun. */
export function newSearch(upTo: number = Infinity): Search {
  return { steps: 0, upTo, gaveUp: false };
}

/** Null when COUNT would take more than `searchStepsMax` steps to be counted. */
export function seriesOf(rule: RecurrenceRule): Series | null {
  const inDays = inWholeDays(rule);
  if (inDays === null || hasNoPlace(inDays)) {
    return { rule, last: -Infinity, isEndless: false };
  }
  const last = Math.min(endOfTime, rule.until?.isLocal === true ? rule.until.at : Infinity);
  const isEndless = rule.count === null && rule.until?.isLocal !== true;
  if (rule.count === null) return { rule: inDays, last, isEndless };
  const counted = lastCounted(inDays, rule.count);
  return counted === null ? null : { rule: inDays, last: Math.min(last, counted), isEndless };
}

/**
 * The rule's local times at or after `from`, ascending. Costs what lies after `from`, whatever lies before it. Ends with
 * the rule, when nothing can come any more, or when `search.gaveUp`.
 */
export function* localOccurrences(
  { rule, last }: Series,
  from: number,
  search: Search = newSearch(),
): Generator<number> {
  const earliest = Math.max(from, rule.start);
  if (earliest > last) return;
  for (const period of periodsFrom(rule, earliest, search)) {
    for (let index = indexAtOrAfter(period, earliest); index < period.size; index += 1) {
      const time = period.timeAt(index);
      if (time > last) return;
      yield time;
    }
  }
}

/** The last moment that DTSTART and UNTIL can name. */
const endOfTime = dayNumber(10_000, 0) * dayMs - 1;

/** Every so many periods the calendar is the same: weekdays, leap years and weeks repeat after 400 years. */
const periodsOfCycle: Partial<Record<Frequency, number>> = {
  YEARLY: 400,
  MONTHLY: 4_800,
  WEEKLY: daysOf400Years / 7,
  DAILY: daysOf400Years,
};

/** Whether BYSETPOS chooses what a period of a day or less never has. */
function hasNoPlace(rule: RecurrenceRule): boolean {
  if (unitMs[rule.frequency] === undefined || rule.bySetPos.length === 0) return false;
  return chosenPlaces(rule.bySetPos, sizeWithinDay(rule)).length === 0;
}

/** The periods from the one that holds a local time on that have times; ends when nothing can match any more. */
function* periodsFrom(rule: RecurrenceRule, from: number, search: Search): Generator<Period> {
  const begin = unitOf(rule, rule.start);
  const passed = Math.max(0, unitOf(rule, from) - begin);
  let unit = begin + Math.floor(passed / rule.interval) * rule.interval;
  for (;;) {
    const next = matchingUnit(rule, { begin, unit }, search);
    if (next === null) return;
    yield next.period;
    unit = next.unit + rule.interval;
  }
}

interface FoundPeriod {
  readonly unit: number;
  readonly period: Period;
}

/** The first period from `unit` on that has times; null when none can come, or after `searchStepsMax` steps. */
function matchingUnit(
  rule: RecurrenceRule,
  at: { readonly begin: number; readonly unit: number },
  search: Search,
): FoundPeriod | null {
  const periodMs = unitMs[rule.frequency];
  const stepsMax = search.steps + searchStepsMax;
  const lastUnit = Math.min(
    unitOf(rule, Math.min(endOfTime, search.upTo)),
    at.unit + cycleOf(rule),
  );
  let { unit } = at;
  while (unit <= lastUnit) {
    search.steps += 1;
    search.gaveUp = search.steps > stepsMax;
    if (search.gaveUp) return null;
    const start = unitStart(rule, unit);
    const resumeAt = periodMs === undefined ? start : matchFrom(rule, start, periodMs);
    if (resumeAt === start) {
      const period = periodOf(rule, { start, end: unitStart(rule, unit + 1) }, search);
      if (period.size > 0) return { unit, period };
      unit += rule.interval;
    } else {
      const skipped = Math.ceil((unitOf(rule, resumeAt) - at.begin) / rule.interval);
      unit = Math.max(unit + rule.interval, at.begin + skipped * rule.interval);
    }
  }
  return null;
}

/** Units after which the rule's periods meet the same days again; of periods within a day, 400 years of them. */
function cycleOf({ frequency, interval }: RecurrenceRule): number {
  const cycle = periodsOfCycle[frequency];
  if (cycle === undefined) return (daysOf400Years * dayMs) / (unitMs[frequency] ?? dayMs);
  return (interval / greatestDivisor(interval, cycle)) * cycle;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Number of the period that holds a local time, counted in the rule's frequency. */
function unitOf({ frequency, weekStart }: RecurrenceRule, local: number): number {
  const day = Math.floor(local / dayMs);
  if (frequency === "WEEKLY") return Math.floor((day + 3 - weekStart) / 7);
  const ms = unitMs[frequency];
  if (ms !== undefined) return Math.floor(local / ms);
  const { year, month } = civilDay(day);
  return frequency === "YEARLY" ? year : year * 12 + month - 1;
}

function unitStart({ frequency, weekStart }: RecurrenceRule, unit: number): number {
  if (frequency === "WEEKLY") return (unit * 7 - 3 + weekStart) * dayMs;
  if (frequency === "YEARLY") return dayNumber(unit, 0) * dayMs;
  if (frequency === "MONTHLY") return dayNumber(0, unit) * dayMs;
  return unit * (unitMs[frequency] ?? dayMs);
}

const unitMs: Partial<Record<Frequency, number>> = {
  DAILY: dayMs,
  HOURLY: hourMs,
  MINUTELY: 60_000,
  SECONDLY: 1_000,
};

/** Local time number `count` of the series from its start; infinite when there are fewer, null when it takes too long. */
function lastCounted(rule: RecurrenceRule, count: number): number | null {
  const search = newSearch();
  let left = count;
  for (const period of periodsFrom(rule, rule.start, search)) {
    const first = indexAtOrAfter(period, rule.start);
    if (left <= period.size - first) return period.timeAt(first + left - 1);
    left -= period.size - first;
    if (hasEveryPeriod(rule)) return lastOfEqual(rule, left, period.size);
    if (search.steps > searchStepsMax) return null;
  }
  return search.gaveUp ? null : Infinity;
}

/** Whether every period of the rule has the same times: nothing is left out, so that they need not be counted one by one. */
function hasEveryPeriod(rule: RecurrenceRule): boolean {
  const periodMs = unitMs[rule.frequency];
  if (periodMs === undefined) return false;
  const days = [rule.byMonth, rule.byMonthDay, rule.byYearDay, rule.byDay];
  const hours = periodMs <= hourMs ? [rule.byHour] : [];
  const minutes = periodMs <= 60_000 ? [rule.byMinute] : [];
  const seconds = periodMs <= 1_000 ? [rule.bySecond] : [];
  return [...days, ...hours, ...minutes, ...seconds].every(({ length }) => length === 0);
}

/** Local time number `left` after the first period, when each has `size` times. */
function lastOfEqual(rule: RecurrenceRule, left: number, size: number): number {
  const periods = Math.ceil(left / size);
  const unit = unitOf(rule, rule.start) + periods * rule.interval;
  const bounds = { start: unitStart(rule, unit), end: unitStart(rule, unit + 1) };
  return periodOf(rule, bounds, newSearch()).timeAt(left - (periods - 1) * size - 1);
}
