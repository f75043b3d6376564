import { formatLocal } from "./civil-day.ts";
import { parseCron } from "./cron-rule.ts";
import { localOccurrences, newSearch, seriesOf, type Search, type Series } from "./expand-rule.ts";
import { instantsOf, isTimeZone, putBackAround, toLocal, unknownZone } from "./local-time.ts";
import { parseRecurrenceRule, type RecurrenceRule, type RuleDefaults } from "./recurrence-rule.ts";
import { hourMs } from "./rule-period.ts";
import { RuleProblem } from "./rule-text.ts";

/** When a job runs (semantics.md section 3). */
export type Schedule = { readonly kind: "immediate" } | RecurringSchedule;

interface RecurringSchedule {
  readonly kind: "rrule" | "cron";
  readonly zone: string;
  readonly series: Series;
  /** Last instant (Unix ms) that may occur. */
  readonly until: number;
  /**
   * Of a rule that goes through every hour of the day: how far apart its times are (ms), so that it goes on during an hour
   * that is repeated. Infinite for a rule that names hours: it occurs at the first of the two.
   */
  readonly repeatsFrom: number;
}

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
export function* occurrencesAfter(
  schedule: Schedule,
  after: number,
  search: Search = newSearch(),
): Generator<Occurrence> {
  if (schedule.kind === "immediate") return;
  let previous = after;
  for (const occurrence of inOrder(schedule, after, search)) {
    if (occurrence.at > schedule.until) return;
    if (occurrence.at > previous) yield occurrence;
    previous = Math.max(previous, occurrence.at);
  }
}

/** The first occurrence after an instant (Unix ms); null when there is none. */
export function nextOccurrence(
  schedule: Schedule,
  after: number,
  search: Search = newSearch(),
): Occurrence | null {
  const first = occurrencesAfter(schedule, after, search).next();
  return first.done === true ? null : first.value;
}

/** Whether the series has any occurrence, now or long ago. */
export function occursAtAll(schedule: Schedule): boolean {
  if (schedule.kind === "immediate") return true;
  return nextOccurrence(schedule, startOf(schedule) - 1) !== null;
}

/** Whether UNTIL comes before the moment at which the series begins. */
export function endsBeforeItBegins(schedule: Schedule): boolean {
  if (schedule.kind === "immediate") return false;
  const { rule, last } = schedule.series;
  const isEmpty = last === -Infinity;
  return schedule.until < startOf(schedule) || (!isEmpty && last < rule.start);
}

function startOf({ zone, series }: RecurringSchedule): number {
  return instantsOf(zone, series.rule.start).first;
}

/** Occurrences by instant; while clocks are put back, the second showing of an hour comes after the whole first one. */
function* inOrder(
  { zone, series, repeatsFrom }: RecurringSchedule,
  after: number,
  search: Search,
): Generator<Occurrence> {
  const lookBack = repeatsFrom === Infinity ? 0 : putBackAround(zone, after);
  let again: number[] = [];
  for (const local of localOccurrences(series, toLocal(zone, after) - lookBack, search)) {
    const { first, second, isInGap } = instantsOf(zone, local);
    if (again.length > 0 && second === null) {
      for (const at of again) yield { at, note: "" };
      again = [];
    }
    const isRepeated = second !== null && second - first >= repeatsFrom;
    if (isRepeated) again.push(second);
    const isOnce = second !== null && !isRepeated;
    yield { at: first, note: isInGap || isOnce ? noteOn(zone, local, isInGap) : "" };
  }
  for (const at of again) yield { at, note: "" };
}

function noteOn(zone: string, local: number, isInGap: boolean): string {
  return isInGap
    ? `${formatLocal(local)} does not exist in ${zone}: fires at the first valid instant after it`
    : `${formatLocal(local)} occurs twice in ${zone}: fires at the first`;
}

function scheduleOf(text: string, defaults: RuleDefaults): Schedule {
  if (text === "immediate") return { kind: "immediate" };
  const cron = /^CRON:(.*)$/is.exec(text)?.[1];
  if (cron === undefined) return recurring("rrule", parseRecurrenceRule(text, defaults));
  const zone = defaults.timeZone;
  if (!isTimeZone(zone)) throw new RuleProblem(unknownZone(zone));
  return recurring("cron", parseCron(cron.trim(), zone));
}

function recurring(kind: RecurringSchedule["kind"], rule: RecurrenceRule): RecurringSchedule {
  const series = seriesOf(rule);
  if (series === null) {
    throw new RuleProblem(
      `COUNT=${rule.count} of this rule takes too long to count; end the series by UNTIL instead`,
    );
  }
  const until = rule.until?.isLocal === false ? rule.until.at : Infinity;
  return { kind, zone: rule.zone, series, until, repeatsFrom: repeatsFrom(rule) };
}

function repeatsFrom({ frequency, interval, byHour, byMinute, count }: RecurrenceRule): number {
  const perHour = hourMs / Math.max(1, byMinute.length);
  // A counted series has as many occurrences as it says.
  if (count !== null) return Infinity;
  if (byHour.length > 0) return byHour.length === 24 ? perHour : Infinity;
  if (frequency === "HOURLY") return interval === 1 ? perHour : Infinity;
  if (frequency === "MINUTELY") return interval <= 60 ? interval * 60_000 : Infinity;
  if (frequency === "SECONDLY") return interval <= 3_600 ? interval * 1_000 : Infinity;
  return Infinity;
}
