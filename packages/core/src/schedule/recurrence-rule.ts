import { civilDay, dayMs } from "./civil-day.ts";
import { isTimeZone, toLocal, unknownZone } from "./local-time.ts";
import { readDateTime, readRuleText, RuleProblem } from "./rule-text.ts";

/** How often a rule's period begins (RFC 5545 section 3.3.10). */
export type Frequency =
  | "YEARLY"
  | "MONTHLY"
  | "WEEKLY"
  | "DAILY"
  | "HOURLY"
  | "MINUTELY"
  | "SECONDLY";

/** One entry of BYDAY: 0 is Monday; ordinal 0 means every such day of the period. */
export interface WeekdayEntry {
  readonly weekday: number;
  readonly ordinal: number;
}

/** A recurrence rule with everything that DTSTART adds to it. Local times are wall clock ms, see `toLocal`. */
export interface RecurrenceRule {
  readonly zone: string;
  readonly start: number;
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | null;
  /** Last instant (Unix ms) or last local time that may occur. */
  readonly until: { readonly isLocal: boolean; readonly at: number } | null;
  readonly weekStart: number;
  readonly bySecond: readonly number[];
  readonly byMinute: readonly number[];
  readonly byHour: readonly number[];
  readonly byDay: readonly WeekdayEntry[];
  readonly byMonthDay: readonly number[];
  readonly byYearDay: readonly number[];
  readonly byWeekNo: readonly number[];
  readonly byMonth: readonly number[];
  readonly bySetPos: readonly number[];
  /** Cron's way: a day matches by its place in the month or by its weekday; RFC 5545 asks for both. */
  readonly isEitherDay: boolean;
}

/** What a rule is read with when it does not say it itself. */
export interface RuleDefaults {
  readonly timeZone: string;
  /** Where a series without DTSTART begins (Unix ms). */
  readonly anchor: number;
}

/**
 * Reads `[DTSTART[;TZID=zone]:time] [RRULE:]part;part…`, DTSTART also as a part (semantics.md section 3).
 * Throws RuleProblem.
 */
export function parseRecurrenceRule(text: string, defaults: RuleDefaults): RecurrenceRule {
  const { startText, zoneText, parts } = readRuleText(text);
  const start = startOf(startText, zoneText, defaults);
  const frequency = frequencyOf(parts.get("FREQ"));
  const rule: RecurrenceRule = {
    ...start,
    frequency,
    interval: countingNumber(parts, "INTERVAL") ?? 1,
    count: countingNumber(parts, "COUNT") ?? null,
    until: untilOf(parts.get("UNTIL")),
    weekStart: weekdayOf(parts.get("WKST") ?? "MO", "WKST"),
    bySecond: [...new Set(numbers(parts, "BYSECOND", [0, 60]).map(leapless))],
    byMinute: numbers(parts, "BYMINUTE", [0, 59]),
    byHour: numbers(parts, "BYHOUR", [0, 23]),
    byDay: weekdays(parts.get("BYDAY")),
    byMonthDay: signedNumbers(parts, "BYMONTHDAY", 31),
    byYearDay: signedNumbers(parts, "BYYEARDAY", 366),
    byWeekNo: signedNumbers(parts, "BYWEEKNO", 53),
    byMonth: numbers(parts, "BYMONTH", [1, 12]),
    bySetPos: signedNumbers(parts, "BYSETPOS", 366),
    isEitherDay: false,
  };
  requireCompatible(rule, parts);
  return withStartDefaults(rule);
}

/** A leap second is the second before it (RFC 5545 section 3.3.12). */
function leapless(second: number): number {
  return Math.min(second, 59);
}

const frequencies: readonly Frequency[] = [
  "YEARLY",
  "MONTHLY",
  "WEEKLY",
  "DAILY",
  "HOURLY",
  "MINUTELY",
  "SECONDLY",
];

function frequencyOf(text: string | undefined): Frequency {
  const found = frequencies.find((frequency) => frequency === text);
  if (found !== undefined) return found;
  const given = text === undefined ? "FREQ is missing" : `FREQ=${text} is not known`;
  throw new RuleProblem(`${given}; it is one of ${frequencies.join(", ")}`);
}

function startOf(
  text: string | undefined,
  zoneText: string | undefined,
  defaults: RuleDefaults,
): { readonly zone: string; readonly start: number } {
  const zone = zoneText ?? defaults.timeZone;
  if (!isTimeZone(zone)) throw new RuleProblem(unknownZone(zone));
  if (text === undefined) {
    return { zone, start: Math.ceil(toLocal(zone, defaults.anchor) / 1000) * 1000 };
  }
  const { at, isUtc } = readDateTime(text, "DTSTART");
  if (isUtc && zoneText !== undefined)
    throw new RuleProblem("DTSTART has a TZID and ends in Z; keep one");
  return { zone: isUtc ? "UTC" : zone, start: at };
}

function untilOf(text: string | undefined): RecurrenceRule["until"] {
  if (text === undefined) return null;
  const { at, isUtc, isDate } = readDateTime(text, "UNTIL");
  return { isLocal: !isUtc, at: isDate ? at + dayMs - 1 : at };
}

function countingNumber(parts: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parts.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new RuleProblem(`${name}=${text} is not between 1 and 999999999`);
  return value;
}

function numbers(
  parts: ReadonlyMap<string, string>,
  name: string,
  [least, most]: readonly [number, number],
): number[] {
  const listed = parts.get(name);
  if (listed === undefined) return [];
  const values = listed.split(",").map((text) => {
    const value = /^[+-]?\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new RuleProblem(
      `${name}=${listed}: ${JSON.stringify(text)} is not between ${least} and ${most}`,
    );
  });
  return [...new Set(values)].toSorted((a, b) => a - b);
}

function signedNumbers(parts: ReadonlyMap<string, string>, name: string, most: number): number[] {
  const values = numbers(parts, name, [-most, most]);
  if (values.includes(0))
    throw new RuleProblem(`${name} counts from 1, or from -1 backwards; 0 is neither`);
  return values;
}

const weekdayNames = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

function weekdayOf(text: string, name: string): number {
  const weekday = weekdayNames.indexOf(text);
  if (weekday >= 0) return weekday;
  throw new RuleProblem(`${name}=${text}: days are ${weekdayNames.join(", ")}`);
}

function weekdays(listed: string | undefined): WeekdayEntry[] {
  return (listed?.split(",") ?? []).map((text) => {
    const match = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(text);
    const ordinal = Number(match?.[1] ?? 0);
    if (match === null || Math.abs(ordinal) > 53 || (match[1] !== undefined && ordinal === 0)) {
      throw new RuleProblem(
        `BYDAY=${text}: a day is written as MO, or with its place as 1MO or -1FR`,
      );
    }
    return { weekday: weekdayOf(match[2] ?? "", "BYDAY"), ordinal };
  });
}

/** The combinations that RFC 5545 section 3.3.10 forbids, because they have no meaning. */
function requireCompatible(rule: RecurrenceRule, parts: ReadonlyMap<string, string>): void {
  const { frequency, byDay } = rule;
  const isYearOrMonth = frequency === "YEARLY" || frequency === "MONTHLY";
  forbid(rule.count !== null && rule.until !== null, "COUNT and UNTIL exclude each other");
  forbid(
    byDay.some(({ ordinal }) => ordinal !== 0) && (!isYearOrMonth || rule.byWeekNo.length > 0),
    "BYDAY with a number needs FREQ=MONTHLY or FREQ=YEARLY, without BYWEEKNO",
  );
  forbid(
    rule.byMonthDay.length > 0 && frequency === "WEEKLY",
    "BYMONTHDAY does not go with FREQ=WEEKLY",
  );
  forbid(
    rule.byYearDay.length > 0 && ["DAILY", "WEEKLY", "MONTHLY"].includes(frequency),
    `BYYEARDAY does not go with FREQ=${frequency}`,
  );
  forbid(rule.byWeekNo.length > 0 && frequency !== "YEARLY", "BYWEEKNO needs FREQ=YEARLY");
  const others = [...parts.keys()].filter((name) => name.startsWith("BY") && name !== "BYSETPOS");
  forbid(
    rule.bySetPos.length > 0 && others.length === 0,
    "BYSETPOS needs another BY… part to choose from",
  );
}

function forbid(holds: boolean, message: string): void {
  if (holds) throw new RuleProblem(message);
}

/** What the rule does not say is taken from DTSTART (RFC 5545 section 3.3.10). */
function withStartDefaults(rule: RecurrenceRule): RecurrenceRule {
  const { byDay, byMonthDay, byYearDay, byWeekNo } = rule;
  if (byDay.length + byMonthDay.length + byYearDay.length > 0) return rule;
  const { weekday, month, monthDay } = civilDay(Math.floor(rule.start / dayMs));
  if (rule.frequency === "WEEKLY" || byWeekNo.length > 0) {
    return { ...rule, byDay: [{ weekday, ordinal: 0 }] };
  }
  if (rule.frequency === "MONTHLY") return { ...rule, byMonthDay: [monthDay] };
  if (rule.frequency !== "YEARLY") return rule;
  return {
    ...rule,
    byMonthDay: [monthDay],
    byMonth: rule.byMonth.length > 0 ? rule.byMonth : [month],
  };
}
