import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import {
  freeOccurrencesAfter,
  windowsMax,
  type ExceptionWindow,
  type FreeOccurrence,
} from "./exception-windows.ts";
import { isTimeZone } from "./local-time.ts";
import { nextOccurrence, parseSchedule, type Schedule } from "./schedule.ts";

/** When a job runs and when it must not. */
export interface Timetable {
  readonly schedule: Schedule;
  readonly windows: readonly ExceptionWindow[];
}

type ScheduledJob = Pick<CanonicalJob, "scheduleRule" | "exceptionRules" | "timeZone">;

/** The timetable of a job that `findScheduleProblems` found nothing wrong with; `anchor` is when it was added (Unix ms). */
export function timetableOf(job: ScheduledJob, anchor: number): Timetable {
  const defaults = { timeZone: job.timeZone ?? "UTC", anchor };
  return {
    schedule: required(parseSchedule(job.scheduleRule, defaults)),
    windows: job.exceptionRules.map(({ rrule, duration }) => ({
      schedule: required(parseSchedule(rrule, defaults)),
      durationMs: duration * 60_000,
      label: rrule,
    })),
  };
}

/** The first free occurrence after an instant (Unix ms); null when there is none. */
export function nextFree(timetable: Timetable, after: number): FreeOccurrence | null {
  const first = freeOccurrencesAfter(timetable.schedule, timetable.windows, after).next();
  return first.done === true ? null : first.value;
}

/** Everything that keeps a job from ever running, with its JSON pointer; `now` is when the job would be added (Unix ms). */
export function findScheduleProblems(job: ScheduledJob, now: number): readonly ErrorDetail[] {
  const timeZone = job.timeZone ?? "UTC";
  if (!isTimeZone(timeZone)) {
    const message = `time zone ${JSON.stringify(timeZone)} is not known; expected an IANA name such as "Europe/Berlin"`;
    return [{ pointer: "/timeZone", message }];
  }
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
    return isMisplaced ? [{ pointer, message: "an exception needs a rule that recurs" }] : [];
  });
}

function neverFree(timetable: Timetable, now: number): readonly ErrorDetail[] {
  if (timetable.schedule.kind === "immediate" || nextFree(timetable, now - 1) !== null) return [];
  if (nextOccurrence(timetable.schedule, now - 1) === null) {
    const message =
      "the rule never occurs from now on: no date matches, or its last time has passed";
    return [{ pointer: "/scheduleRule", message }];
  }
  const message = `the exception rules block every occurrence that is left, or ${windowsMax} windows in a row`;
  return [{ pointer: "/exceptionRules", message }];
}

function required(parsed: ReturnType<typeof parseSchedule>): Schedule {
  if (parsed.ok) return parsed.schedule;
  throw new TypeError(`a stored rule cannot be read: ${parsed.message}`);
}
