import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import {
  freeOccurrencesAfter,
  windowsMax,
  type ExceptionWindow,
  type FreeOccurrence,
} from "./exception-windows.ts";
import { newSearch, searchStepsMax } from "./expand-rule.ts";
import { isTimeZone, unknownZone } from "./local-time.ts";
import {
  endsBeforeItBegins,
  nextOccurrence,
  occursAtAll,
  parseSchedule,
  type Schedule,
} from "./schedule.ts";

/** When a job runs and when it must not. */
export interface Timetable {
  readonly schedule: Schedule;
  readonly windows: readonly ExceptionWindow[];
}

/** What of a job says when it runs. */
export type ScheduledJob = Pick<
  CanonicalJob,
  "scheduleRule" | "exceptionRules" | "timeZone" | "ignoreExceptions"
>;

/**
 * The timetable of a job that `findScheduleProblems` found nothing wrong with; `anchor` is when its schedule was set
 * (Unix ms). The windows of the organisation come after its own, unless it ignores them.
 */
export function timetableOf(
  job: ScheduledJob,
  anchor: number,
  globalWindows: readonly ExceptionWindow[] = [],
): Timetable {
  const defaults = { timeZone: job.timeZone ?? "UTC", anchor };
  const own = job.exceptionRules.map(({ rrule, duration }) => ({
    schedule: required(parseSchedule(rrule, defaults)),
    durationMs: duration * 60_000,
    label: rrule,
  }));
  return {
    schedule: required(parseSchedule(job.scheduleRule, defaults)),
    windows: job.ignoreExceptions === true ? own : [...own, ...globalWindows],
  };
}

/** Whether two versions of a job run at the same times. */
export function isSameSchedule(one: ScheduledJob, other: ScheduledJob): boolean {
  const facts = ({ scheduleRule, exceptionRules, timeZone }: ScheduledJob): string =>
    JSON.stringify([scheduleRule, exceptionRules, timeZone ?? "UTC"]);
  return facts(one) === facts(other);
}

/** An exception rule of the organisation, such as a change freeze: it applies to every job. */
export interface GlobalException {
  readonly name: string;
  readonly description: string;
  readonly rrule: string;
  /** Minutes. */
  readonly duration: number;
  /** Zone of a rule that names none. */
  readonly timeZone: string;
  /** When its schedule was set (Unix ms): where a rule without DTSTART begins. */
  readonly anchoredAt: number;
}

/** The window of a global exception that `findGlobalExceptionProblems` found nothing wrong with. */
export function globalWindowOf(rule: GlobalException): ExceptionWindow {
  const defaults = { timeZone: rule.timeZone, anchor: rule.anchoredAt };
  const reason = rule.description === "" ? "" : ` (${rule.description})`;
  return {
    schedule: required(parseSchedule(rule.rrule, defaults)),
    durationMs: rule.duration * 60_000,
    label: `global exception ${JSON.stringify(rule.name)}${reason}`,
  };
}

/** Everything that keeps a global exception from ever opening from now on (Unix ms), with its JSON pointer. */
export function findGlobalExceptionProblems(
  rule: GlobalException,
  now: number,
): readonly ErrorDetail[] {
  if (!isTimeZone(rule.timeZone)) return [unknownTimeZone(rule.timeZone)];
  const pointer = "/rrule";
  const parsed = parseSchedule(rule.rrule, { timeZone: rule.timeZone, anchor: rule.anchoredAt });
  if (!parsed.ok) return [{ pointer, message: parsed.message }];
  if (parsed.schedule.kind === "immediate") return [{ pointer, message: notRecurring }];
  const firstEnd = now - rule.duration * 60_000;
  const search = newSearch();
  if (nextOccurrence(parsed.schedule, firstEnd, search) !== null) return [];
  return [{ pointer, message: search.gaveUp ? notFound : whyOver(parsed.schedule) }];
}

/** The first free occurrence after an instant (Unix ms); null when there is none. */
export function nextFree(timetable: Timetable, after: number): FreeOccurrence | null {
  const first = freeOccurrencesAfter(timetable.schedule, timetable.windows, after).next();
  return first.done === true ? null : first.value;
}

/** Everything that keeps a job from ever running, with its JSON pointer; `now` is when the job would be added (Unix ms). */
export function findScheduleProblems(job: ScheduledJob, now: number): readonly ErrorDetail[] {
  const timeZone = job.timeZone ?? "UTC";
  if (!isTimeZone(timeZone)) return [unknownTimeZone(timeZone)];
  const unreadable = unreadableRules(job, { timeZone, anchor: now });
  return unreadable.length > 0 ? unreadable : neverFree(timetableOf(job, now), now);
}

function unreadableRules(
  job: ScheduledJob,
  defaults: { readonly timeZone: string; readonly anchor: number },
): readonly ErrorDetail[] {
  const rules = [
    { pointer: "/scheduleRule", text: job.scheduleRule },
    ...job.exceptionRules.map(({ rrule }, index) => ({
      pointer: `/exceptionRules/${index}/rrule`,
      text: rrule,
    })),
  ];
  return rules.flatMap(({ pointer, text }) => {
    const parsed = parseSchedule(text, defaults);
    if (!parsed.ok) return [{ pointer, message: parsed.message }];
    const isMisplaced = parsed.schedule.kind === "immediate" && pointer !== "/scheduleRule";
    return isMisplaced ? [{ pointer, message: notRecurring }] : [];
  });
}

function neverFree(timetable: Timetable, now: number): readonly ErrorDetail[] {
  if (timetable.schedule.kind === "immediate" || nextFree(timetable, now - 1) !== null) return [];
  const search = newSearch();
  if (nextOccurrence(timetable.schedule, now - 1, search) === null) {
    const message = search.gaveUp ? notFound : whyOver(timetable.schedule);
    return [{ pointer: "/scheduleRule", message }];
  }
  const message = `the exception rules block every occurrence that is left, or ${windowsMax} windows in a row`;
  return [{ pointer: "/exceptionRules", message }];
}

const notRecurring = "an exception needs a rule that recurs";

/** Of a schedule that does not occur any more. */
function whyOver(schedule: Schedule): string {
  if (endsBeforeItBegins(schedule)) {
    return "the rule never occurs: it ends (UNTIL) before it begins (DTSTART; without one, when it is added)";
  }
  return occursAtAll(schedule)
    ? "the rule does not occur from now on: its last time has passed"
    : "the rule never occurs: no date and time match all of its parts";
}

const notFound = `no occurrence was found in ${searchStepsMax} steps of search: is the rule meant to occur? Say it with a shorter INTERVAL, or without BYSETPOS`;

function unknownTimeZone(timeZone: string): ErrorDetail {
  return { pointer: "/timeZone", message: unknownZone(timeZone) };
}

function required(parsed: ReturnType<typeof parseSchedule>): Schedule {
  if (parsed.ok) return parsed.schedule;
  throw new TypeError(`a stored rule cannot be read: ${parsed.message}`);
}
