import type { ErrorDetail } from "../courier-error.ts";
import { firstOpening, type ExceptionWindow } from "./exception-windows.ts";
import { newSearch, searchStepsMax } from "./expand-rule.ts";
import { firstFreeInstant } from "./next-execution.ts";
import { occurrencesAfter, parseSchedule } from "./schedule.ts";
import type { ScheduledJob } from "./timetable.ts";

/** Times of a schedule that are closer than this (ms) are rarely meant. */
const closestMs = 60_000;

/** Times of a schedule that are looked at; a series that has fewer left may be as dense as it likes. */
const timesMax = 100;

/** What is legal in a job's schedule and surely not meant, with its JSON pointer; `now` is when it would be added (Unix ms). */
export function findScheduleWarnings(job: ScheduledJob, now: number): readonly ErrorDetail[] {
  const parsed = parseSchedule(job.scheduleRule, { timeZone: job.timeZone ?? "UTC", anchor: now });
  if (!parsed.ok || parsed.schedule.kind === "immediate") return [];
  const { schedule } = parsed;
  const search = newSearch();
  const times: number[] = [];
  for (const { at } of occurrencesAfter(schedule, now - 1, search)) {
    if (times.push(at) === timesMax || search.steps > searchStepsMax) break;
  }
  const closest = Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  if (times.length < timesMax || closest >= closestMs) return [];
  const isEndless = schedule.until === Infinity && schedule.series.isEndless;
  const seconds = closest / 1_000;
  const often = `occurs every ${seconds === 1 ? "second" : `${seconds} seconds`} at its densest`;
  const end = isEndless ? "for ever" : `more than ${timesMax} times`;
  const remedy =
    schedule.kind === "cron"
      ? "the first of six fields is the second: 0 there is once a minute at most"
      : "name one BYSECOND, or choose a lower FREQ";
  const message = `${often}, ${end}; less than a minute apart is rarely meant: ${remedy}`;
  return [{ pointer: "/scheduleRule", message }];
}

/** A time (Unix ms) in which exceptions let nothing start, longer than people freeze a fleet. */
export interface LongFreeze {
  readonly from: number;
  /** Its end; or how far was looked, when `isEndKnown` is false. */
  readonly until: number;
  readonly isEndKnown: boolean;
}

/** Freezes up to this (ms) are ordinary. */
const ordinaryFreezeMs = 31 * 86_400_000;

/** The freeze that begins with the next window of a global exception, if it is longer than a month; `windows` are all, it included. */
export function findLongFreeze(
  window: ExceptionWindow,
  windows: readonly ExceptionWindow[],
  now: number,
): LongFreeze | null {
  const opensAt = firstOpening(window, now);
  if (opensAt === null) return null;
  const from = Math.max(now, opensAt);
  const { nextAt, reviewAt } = firstFreeInstant(windows, from);
  if (nextAt === null) return { from, until: reviewAt ?? from, isEndKnown: false };
  return nextAt - from > ordinaryFreezeMs ? { from, until: nextAt, isEndKnown: true } : null;
}
