import { civilDay, dayMs, dayNumber, weekdayOfDay, weekOf, type CivilDay } from "./civil-day.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/** Milliseconds of an hour, a minute, a second. */
export const hourMs = 3_600_000;
const minuteMs = 60_000;
const secondMs = 1_000;

/** Counts the work of a search: days and periods that were looked at. */
export interface SearchMeter {
  steps: number;
}

/**
 * The times of one period, never listed: a year in which every second is asked for has 31 million. They are numbered from
 * 0 to `size` − 1, ascending.
 */
export interface Period {
  readonly size: number;
  /** Local time number `index`. */
  readonly timeAt: (index: number) => number;
}

/** What a period costs beside its days, in steps. */
const stepsOfPeriod = 10;

/** The times of the period that begins at local time `start` and ends before `end`; one that a day holds must match, see `matchFrom`. */
export function periodOf(
  rule: RecurrenceRule,
  bounds: { readonly start: number; readonly end: number },
  meter: SearchMeter,
): Period {
  meter.steps += stepsOfPeriod;
  const all = combined(daysOf(rule, bounds, meter), timesWithinDay(rule, bounds.start));
  return rule.bySetPos.length === 0 ? all : chosen(rule.bySetPos, all);
}

/** How many times a period of a day or less has that matches; BYSETPOS chooses among so many. */
export function sizeWithinDay(rule: RecurrenceRule): number {
  const { hours, minutes, seconds } = timesWithinDay(rule, rule.start);
  return hours.length * minutes.length * seconds.length;
}

/** BYSETPOS as places among `size` times, from 0, ascending. */
export function chosenPlaces(positions: readonly number[], size: number): readonly number[] {
  const places = positions
    .map((position) => (position > 0 ? position - 1 : size + position))
    .filter((place) => place >= 0 && place < size);
  return [...new Set(places)].toSorted((a, b) => a - b);
}

/**
 * The first local time from `local` on, `local` itself included, before which a period of a day or less cannot match: its day
 * or a field that is fixed within it is not what the rule lists.
 */
export function matchFrom(rule: RecurrenceRule, local: number, periodMs: number): number {
  const day = Math.floor(local / dayMs);
  if (!matchesDay(rule, day)) return nextPossibleDay(rule, day) * dayMs;
  for (const { name, unit, per } of fixedFields) {
    if (unit < periodMs) return local;
    const listed = rule[name];
    const place = placeOf(local, unit, per);
    if (!isAmong(listed, place)) {
      const next = listed.find((value) => value > place) ?? (listed[0] ?? 0) + per / unit;
      return Math.floor(local / per) * per + next * unit;
    }
  }
  return local;
}

/** Number of the first time of the period that is not before `local`. */
export function indexAtOrAfter(period: Period, local: number): number {
  let [low, high] = [0, period.size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (period.timeAt(middle) < local) low = middle + 1;
    else high = middle;
  }
  return low;
}

const fixedFields = [
  { name: "byHour", unit: hourMs, per: dayMs },
  { name: "byMinute", unit: minuteMs, per: hourMs },
  { name: "bySecond", unit: secondMs, per: minuteMs },
] as const;

interface DayTimes {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
}

function combined(days: readonly number[], { hours, minutes, seconds }: DayTimes): Period {
  const perHour = minutes.length * seconds.length;
  const perDay = hours.length * perHour;
  const timeAt = (index: number): number =>
    (days[Math.floor(index / perDay)] ?? 0) * dayMs +
    (hours[Math.floor((index % perDay) / perHour)] ?? 0) * hourMs +
    (minutes[Math.floor((index % perHour) / seconds.length)] ?? 0) * minuteMs +
    (seconds[index % seconds.length] ?? 0) * secondMs;
  return { size: days.length * perDay, timeAt };
}

function chosen(positions: readonly number[], all: Period): Period {
  const places = chosenPlaces(positions, all.size);
  return { size: places.length, timeAt: (index) => all.timeAt(places[index] ?? 0) };
}

function daysOf(
  rule: RecurrenceRule,
  bounds: { readonly start: number; readonly end: number },
  meter: SearchMeter,
): number[] {
  const first = Math.floor(bounds.start / dayMs);
  const end = Math.ceil(bounds.end / dayMs);
  if (end - first === 1) return [first];
  const isLong = rule.frequency === "YEARLY" || rule.frequency === "MONTHLY";
  const candidates = isLong ? listedDays(rule, first, end) : daysFrom(first, end);
  meter.steps += candidates.length;
  return candidates.filter((day) => matchesDay(rule, day));
}

/** The days of whole months that the rule's months, and their days where it names some, leave to be looked at. */
function listedDays(rule: RecurrenceRule, first: number, end: number): number[] {
  const { year, month } = civilDay(first);
  const days: number[] = [];
  for (let next = month; dayNumber(year, next - 1) < end; next += 1) {
    if (!isAmong(rule.byMonth, next)) continue;
    const [begin, length] = [dayNumber(year, next - 1), monthLength(year, next)];
    if (rule.byMonthDay.length === 0 || rule.isEitherDay)
      days.push(...daysFrom(begin, begin + length));
    else days.push(...monthDays(rule.byMonthDay, length).map((monthDay) => begin + monthDay - 1));
  }
  return days;
}

function monthLength(year: number, month: number): number {
  return dayNumber(year, month) - dayNumber(year, month - 1);
}

function monthDays(listed: readonly number[], length: number): number[] {
  const days = listed.map((day) => (day > 0 ? day : length + day + 1));
  return [...new Set(days)].filter((day) => day >= 1 && day <= length).toSorted((a, b) => a - b);
}

function daysFrom(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** The next day, or the first of the next month that the rule names when this day's month is not one. */
function nextPossibleDay(rule: RecurrenceRule, day: number): number {
  const { year, month } = civilDay(day);
  if (isAmong(rule.byMonth, month)) return day + 1;
  const next = rule.byMonth.find((each) => each > month) ?? (rule.byMonth[0] ?? 1) + 12;
  return dayNumber(year, next - 1);
}

function matchesDay(rule: RecurrenceRule, dayOfEpoch: number): boolean {
  if (rule.byDay.length > 0 && !rule.isEitherDay) {
    const weekday = weekdayOfDay(dayOfEpoch);
    if (!rule.byDay.some((entry) => entry.weekday === weekday)) return false;
  }
  const day = civilDay(dayOfEpoch);
  if (!isAmong(rule.byMonth, day.month)) return false;
  if (!matchesPlace(rule, day)) return false;
  if (!isAmongSigned(rule.byYearDay, day.yearDay, day.yearLength)) return false;
  if (rule.byWeekNo.length === 0) return true;
  const { week, weekCount } = weekOf(dayOfEpoch, rule.weekStart);
  return isAmongSigned(rule.byWeekNo, week, weekCount);
}

function matchesPlace(rule: RecurrenceRule, day: CivilDay): boolean {
  const isMonthDay = isAmongSigned(rule.byMonthDay, day.monthDay, day.monthLength);
  const isWeekday = rule.byDay.length === 0 || matchesWeekday(rule, day);
  return rule.isEitherDay ? isMonthDay || isWeekday : isMonthDay && isWeekday;
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

/** Times of day in a period that matches. BYHOUR, BYMINUTE and BYSECOND widen longer periods and narrow shorter ones. */
function timesWithinDay(rule: RecurrenceRule, start: number): DayTimes {
  const [hours = [], minutes = [], seconds = []] = fixedFields.map(({ name, unit, per }) => {
    if (unit >= (unitMs[rule.frequency] ?? Infinity)) return [placeOf(start, unit, per)];
    const listed = rule[name];
    return listed.length > 0 ? listed : [placeOf(rule.start, unit, per)];
  });
  return { hours, minutes, seconds };
}

/** Lengths of the periods that a day holds, ms. A day's own times are all its rule lists. */
const unitMs: Partial<Record<RecurrenceRule["frequency"], number>> = {
  HOURLY: hourMs,
  MINUTELY: minuteMs,
  SECONDLY: secondMs,
};

function placeOf(local: number, unit: number, per: number): number {
  return Math.floor((((local % per) + per) % per) / unit);
}
