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

/** The day with this number, counted from 1970-01-01. */
export function civilDay(day: number): CivilDay {
  const year = yearOf(day);
  const firstOfYear = dayNumber(year, 0);
  const yearDay = day - firstOfYear + 1;
  let month = Math.min(12, Math.ceil(yearDay / 28));
  while (dayNumber(year, month - 1) > day) month -= 1;
  const firstOfMonth = dayNumber(year, month - 1);
  return {
    ...{ year, month, yearDay },
    monthDay: day - firstOfMonth + 1,
    monthLength: dayNumber(year, month) - firstOfMonth,
    yearLength: dayNumber(year + 1, 0) - firstOfYear,
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
function weekdayOfDay(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Number of the week that holds the day, and how many its year has (RFC 5545: week 1 has at least four days in its year). */
export function weekOf(
  day: number,
  weekStart: number,
): { readonly week: number; readonly weekCount: number } {
  const year = yearOf(day);
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

function yearOf(day: number): number {
  let year = Math.floor(day / 365.2425) + 1970;
  while (firstDayOfYear(year) > day) year -= 1;
  while (firstDayOfYear(year + 1) <= day) year += 1;
  return year;
}

function firstWeekDay(year: number, weekStart: number): number {
  const fourth = firstDayOfYear(year) + 3;
  return fourth - ((weekdayOfDay(fourth) - weekStart + 7) % 7);
}
