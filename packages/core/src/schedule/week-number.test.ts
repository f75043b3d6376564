import { expect, test } from "vitest";
import { weekOf } from "./civil-day.ts";

/** RFC 5545 section 3.3.10: a week belongs to the year that has at least four of its days. */
function weekByDefinition(
  day: number,
  weekStart: number,
): { readonly week: number; readonly weekCount: number } {
  const weekday = (new Date(day * 86_400_000).getUTCDay() + 6) % 7;
  const first = day - ((weekday - weekStart + 7) % 7);
  const years = Array.from({ length: 7 }, (_, index) =>
    new Date((first + index) * 86_400_000).getUTCFullYear(),
  );
  const year = years[3] ?? 0;
  let [before, after] = [0, 0];
  for (let start = first - 7; ownYear(start) === year; start -= 7) before += 1;
  for (let start = first + 7; ownYear(start) === year; start += 7) after += 1;
  return { week: before + 1, weekCount: before + 1 + after };
}

function ownYear(firstOfWeek: number): number {
  return new Date((firstOfWeek + 3) * 86_400_000).getUTCFullYear();
}

test.each([0, 1, 2, 3, 4, 5, 6])(
  "around each new year of 400, weeks that begin with day %i",
  (weekStart) => {
    const wrong: number[] = [];
    for (let year = 1900; year < 2300; year += 1) {
      const newYear = Date.UTC(year, 0, 1) / 86_400_000;
      for (let day = newYear - 7; day < newYear + 7; day += 1) {
        const [actual, expected] = [weekOf(day, weekStart), weekByDefinition(day, weekStart)];
        if (actual.week !== expected.week || actual.weekCount !== expected.weekCount)
          wrong.push(day);
      }
    }

    expect(wrong).toEqual([]);
  },
);
