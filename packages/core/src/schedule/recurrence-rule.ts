import { civilDay, dayMs, dayNumber } from "./civil-day.ts";
import { isTimeZone, toLocal } from "./local-time.ts";

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
}

/** A rule that cannot be understood; the message says what is wrong and what would be right. */
export class RuleProblem extends Error {}

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
  const { startText, zoneText, ruleText } = splitLines(text);
  const parts = partsOf(ruleText);
  const start = startOf(startText ?? parts.get("DTSTART"), zoneText, defaults);
  parts.delete("DTSTART");
  const frequency = frequencyOf(parts.get("FREQ"));
  const rule: RecurrenceRule = {
    ...start,
    frequency,
    interval: countingNumber(parts, "INTERVAL") ?? 1,
    count: countingNumber(parts, "COUNT") ?? null,
    until: untilOf(parts.get("UNTIL")),
    weekStart: weekdayOf(parts.get("WKST") ?? "MO", "WKST"),
    bySecond: numbers(parts, "BYSECOND", [0, 60]).map((second) => Math.min(second, 59)),
    byMinute: numbers(parts, "BYMINUTE", [0, 59]),
    byHour: numbers(parts, "BYHOUR", [0, 23]),
    byDay: weekdays(parts.get("BYDAY")),
    byMonthDay: signedNumbers(parts, "BYMONTHDAY", 31),
    byYearDay: signedNumbers(parts, "BYYEARDAY", 366),
    byWeekNo: signedNumbers(parts, "BYWEEKNO", 53),
    byMonth: numbers(parts, "BYMONTH", [1, 12]),
    bySetPos: signedNumbers(parts, "BYSETPOS", 366),
  };
  requireCompatible(rule, parts);
  return withStartDefaults(rule);
}

const partNames = [
  ...["DTSTART", "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSECOND", "BYMINUTE", "BYHOUR"],
  ...["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"],
];

const frequencies: readonly Frequency[] = [
  "YEARLY",
  "MONTHLY",
  "WEEKLY",
  "DAILY",
  "HOURLY",
  "MINUTELY",
  "SECONDLY",
];

/** Counted series are expanded from their beginning: this keeps that below a tenth of a second. */
const countMax = 100_000;

interface Lines {
  readonly startText: string | undefined;
  readonly zoneText: string | undefined;
  readonly ruleText: string;
}

function splitLines(text: string): Lines {
  const words = text.trim().split(/\s+/);
  const rules = words.filter((word) => !/^DTSTART[;:]/i.test(word));
  const starts = words.filter((word) => /^DTSTART[;:]/i.test(word));
  const ruleText = rules[0]?.replace(/^RRULE:/i, "") ?? "";
  if (rules.length !== 1 || ruleText === "") {
    throw new RuleProblem("expected exactly one rule such as RRULE:FREQ=DAILY;BYHOUR=2");
  }
  if (starts.length > 1) throw new RuleProblem("DTSTART is given twice");
  const start = /^DTSTART(?:;TZID=([^:;]+))?(?:;VALUE=DATE(?:-TIME)?)?:(.+)$/i.exec(
    starts[0] ?? "",
  );
  if (starts.length === 1 && start === null) {
    throw new RuleProblem(
      `${JSON.stringify(starts[0])} is not DTSTART[;TZID=zone]:YYYYMMDD[THHMMSS[Z]]`,
    );
  }
  return { startText: start?.[2], zoneText: start?.[1], ruleText };
}

function partsOf(ruleText: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of ruleText.split(";").filter((piece) => piece !== "")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(equals, 0)).toUpperCase();
    if (!partNames.includes(name)) {
      throw new RuleProblem(
        `${JSON.stringify(part)} is not a rule part; they are ${partNames.join(", ")}, each as NAME=value`,
      );
    }
    if (parts.has(name)) throw new RuleProblem(`${name} is given twice`);
    parts.set(name, part.slice(equals + 1).toUpperCase());
  }
  return parts;
}

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
  if (!isTimeZone(zone)) throw new RuleProblem(`time zone ${JSON.stringify(zone)} is not known`);
  if (text === undefined) {
    return { zone, start: Math.ceil(toLocal(zone, defaults.anchor) / 1000) * 1000 };
  }
  const { at, isUtc } = dateTimeOf(text, "DTSTART");
  if (isUtc && zoneText !== undefined)
    throw new RuleProblem("DTSTART has a TZID and ends in Z; keep one");
  return { zone: isUtc ? "UTC" : zone, start: at };
}

interface DateTime {
  readonly at: number;
  readonly isUtc: boolean;
  readonly isDate: boolean;
}

function dateTimeOf(text: string, name: string): DateTime {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (match ?? [])
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  const dayOfEpoch = dayNumber(year, month - 1) + day - 1;
  const actual = civilDay(dayOfEpoch);
  const isReal = actual.monthDay === day && actual.month === month;
  const at = dayOfEpoch * dayMs + ((hour * 60 + minute) * 60 + second) * 1000;
  if (match === null || !isReal || hour > 23 || minute > 59 || second > 59) {
    throw new RuleProblem(`${name}=${text} is not a date YYYYMMDD or a time YYYYMMDDTHHMMSS[Z]`);
  }
  return { at, isUtc: match[7] === "Z", isDate: match[4] === undefined };
}

function untilOf(text: string | undefined): RecurrenceRule["until"] {
  if (text === undefined) return null;
  const { at, isUtc, isDate } = dateTimeOf(text, "UNTIL");
  return { isLocal: !isUtc, at: isDate ? at + dayMs - 1 : at };
}

function countingNumber(parts: Map<string, string>, name: string): number | undefined {
  const text = parts.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  const most = name === "COUNT" ? countMax : 999_999_999;
  if (value < 1 || value > most)
    throw new RuleProblem(`${name}=${text} is not between 1 and ${most}`);
  return value;
}

function numbers(
  parts: Map<string, string>,
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

function signedNumbers(parts: Map<string, string>, name: string, most: number): number[] {
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
function requireCompatible(rule: RecurrenceRule, parts: Map<string, string>): void {
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
