/** Milliseconds of a day. */
export const dayMs = 86_400_000;

/** A day of the proleptic Gregorian calendar. */
export interface CivilDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly monthDay: number;
  /** 1 to 366. */
  readonly yearDay: number;
  readonly monthLength: number;
  readonly yearLength: number;
  /** 0 is Monday. */
  readonly weekday: number;
}

/** The day with this number, counted from 1970-01-01. Constant work: the search for a rule's days asks for very many. */
export function civilDay(day: number): CivilDay {
  // Years that begin in March put the leap day last, so that months follow one formula.
  const sinceMarch = day + daysBeforeEpoch;
  const era = Math.floor(sinceMarch / daysOf400Years);
  const dayOfEra = sinceMarch - era * daysOf400Years;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const centuries = Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - centuries);
  const monthSinceMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthSinceMarch < 10 ? monthSinceMarch + 3 : monthSinceMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const leapDay = isLeap(year) ? 1 : 0;
  const monthDay = dayOfYear - Math.floor((153 * monthSinceMarch + 2) / 5) + 1;
  return {
    year,
    month,
    monthDay,
    yearDay: (daysBeforeMonth[month - 1] ?? 0) + (month > 2 ? leapDay : 0) + monthDay,
    monthLength: (monthLengths[month - 1] ?? 0) + (month === 2 ? leapDay : 0),
    yearLength: 365 + leapDay,
    weekday: weekdayOfDay(day),
  };
}

/** Number of the first day of a month; `month` counts from 0 and may run over. */
export function dayNumber(year: number, month: number): number {
  const monthInYear = ((month % 12) + 12) % 12;
  const actualYear = year + (month - monthInYear) / 12;
  const leapDay = monthInYear > 1 && isLeap(actualYear) ? 1 : 0;
  return firstDayOfYear(actualYear) + (daysBeforeMonth[monthInYear] ?? 0) + leapDay;
}

/** 0 is Monday; day 0 was a Thursday. */
export function weekdayOfDay(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Number of the week that holds the day, and how many its year has (RFC 5545: week 1 has at least four days in its year). */
export function weekOf(
  day: number,
  weekStart: number,
): { readonly week: number; readonly weekCount: number } {
  const { year } = civilDay(day);
  const starts = [year - 1, year, year + 1, year + 2].map((each) => firstWeekDay(each, weekStart));
  const index = starts.findLastIndex((start) => start <= day);
  const start = starts[index] ?? day;
  const end = starts[index + 1] ?? day;
  return { week: Math.floor((day - start) / 7) + 1, weekCount: (end - start) / 7 };
}

/** A wall clock time (ms, see `toLocal`) as `YYYY-MM-DD hh:mm:ss`. */
export function formatLocal(local: number): string {
  const { year, month, monthDay } = civilDay(Math.floor(local / dayMs));
  const second = Math.floor((((local % dayMs) + dayMs) % dayMs) / 1000);
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  return `${year}-${padded(month)}-${padded(monthDay)} ${time.map(padded).join(":")}`;
}

/** Days of the cycle after which the calendar repeats. */
export const daysOf400Years = 146_097;

/** From 0000-03-01 to 1970-01-01. */
const daysBeforeEpoch = 719_468;

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function padded(value: number): string {
  return String(value).padStart(2, "0");
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function firstDayOfYear(year: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return before * 365 + leapDays - 719_162;
}

function firstWeekDay(year: number, weekStart: number): number {
  const fourth = firstDayOfYear(year) + 3;
  return fourth - ((weekdayOfDay(fourth) - weekStart + 7) % 7);
}
