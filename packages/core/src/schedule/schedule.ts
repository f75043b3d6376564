import { CronExpressionParser } from "cron-parser";
import { formatLocal } from "./civil-day.ts";
import { localOccurrences } from "./expand-rule.ts";
import { isTimeZone, toInstant, toLocal } from "./local-time.ts";
import {
  parseRecurrenceRule,
  RuleProblem,
  type RecurrenceRule,
  type RuleDefaults,
} from "./recurrence-rule.ts";

/** When a job runs (semantics.md section 3). */
export type Schedule =
  | { readonly kind: "immediate" }
  | { readonly kind: "rrule"; readonly rule: RecurrenceRule }
  | { readonly kind: "cron"; readonly expression: string; readonly zone: string };

/** A schedule, or the one sentence that says why there is none. */
export type ParsedSchedule =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly message: string };

/** One time at which a schedule occurs. */
export interface Occurrence {
  /** Unix ms. */
  readonly at: number;
  /** Says that and why a change of the clocks moved it; else "". */
  readonly note: string;
}

/** Reads `immediate`, `[RRULE:]…` and `CRON:…`. Promises that the result can be computed with, not that it ever occurs. */
export function parseSchedule(text: string, defaults: RuleDefaults): ParsedSchedule {
  try {
    return { ok: true, schedule: scheduleOf(text.trim(), defaults) };
  } catch (error) {
    if (error instanceof RuleProblem) return { ok: false, message: error.message };
    throw error;
  }
}

/** The occurrences after an instant (Unix ms), ascending. An immediate job has none: it is due when it is added. */
export function* occurrencesAfter(schedule: Schedule, after: number): Generator<Occurrence> {
  if (schedule.kind === "immediate") return;
  const zone = schedule.kind === "cron" ? schedule.zone : schedule.rule.zone;
  const until = schedule.kind === "rrule" && schedule.rule.until?.isLocal === false;
  const last = until ? (schedule.rule.until?.at ?? 0) : Number.POSITIVE_INFINITY;
  let previous = after;
  for (const local of localTimes(schedule, toLocal(zone, after))) {
    const at = toInstant(zone, local);
    if (at > last) return;
    if (at > previous) yield { at, note: noteOn(zone, { local, at }) };
    previous = Math.max(previous, at);
  }
}

/** The first occurrence after an instant (Unix ms); null when there is none. */
export function nextOccurrence(schedule: Schedule, after: number): Occurrence | null {
  const first = occurrencesAfter(schedule, after).next();
  return first.done === true ? null : first.value;
}

function scheduleOf(text: string, defaults: RuleDefaults): Schedule {
  if (text === "immediate") return { kind: "immediate" };
  const cron = /^CRON:(.*)$/is.exec(text)?.[1];
  if (cron === undefined) return { kind: "rrule", rule: parseRecurrenceRule(text, defaults) };
  const zone = defaults.timeZone;
  if (!isTimeZone(zone)) throw new RuleProblem(`time zone ${JSON.stringify(zone)} is not known`);
  return { kind: "cron", expression: checkedCron(cron.trim()), zone };
}

function checkedCron(expression: string): string {
  const fieldCount = expression.split(/\s+/).length;
  if (!expression.startsWith("@") && fieldCount !== 5 && fieldCount !== 6) {
    throw new RuleProblem(
      `CRON:${expression} has ${fieldCount} fields; expected 5 (minute hour day month weekday) or 6 (second first)`,
    );
  }
  try {
    CronExpressionParser.parse(expression, { tz: "UTC", currentDate: 0 });
  } catch (error) {
    throw new RuleProblem(`CRON:${expression}: ${error instanceof Error ? error.message : ""}`);
  }
  return expression;
}

function localTimes(
  schedule: Exclude<Schedule, { readonly kind: "immediate" }>,
  from: number,
): Generator<number> {
  return schedule.kind === "cron"
    ? cronTimes(schedule.expression, from)
    : localOccurrences(schedule.rule, from);
}

/** The expression is evaluated on the wall clock, so that cron and RRULE share one rule for clock changes. */
function* cronTimes(expression: string, from: number): Generator<number> {
  const times = CronExpressionParser.parse(expression, { tz: "UTC", currentDate: from - 1000 });
  for (;;) {
    try {
      const time = times.next().getTime();
      if (time >= from) yield time;
    } catch {
      // The library's way to say that no time matches.
      return;
    }
  }
}

function noteOn(
  zone: string,
  { local, at }: { readonly local: number; readonly at: number },
): string {
  if (toLocal(zone, at) !== local) {
    return `${formatLocal(local)} does not exist in ${zone}: fires at the first valid instant after it`;
  }
  const repeats = repeatMs.some((shift) => toLocal(zone, at + shift) === local);
  return repeats ? `${formatLocal(local)} occurs twice in ${zone}: fires at the first` : "";
}

/** By how much clocks are put back anywhere. */
const repeatMs = [1_800_000, 3_600_000, 7_200_000];
