import type { Random } from "../simulation/random.ts";
import { clockChanges, zones } from "./schedule-zones.ts";

/** One rule with its start, for both implementations. */
export interface RuleCase {
  /** Without `RRULE:`. */
  readonly rule: string;
  /** Naive local times, `YYYY-MM-DDThh:mm:ss`. */
  readonly start: string;
  readonly until: string;
  readonly zone: string;
  readonly frequency: Frequency;
  readonly interval: number;
  readonly parts: Readonly<Record<string, string>>;
}

type Frequency = (typeof frequencies)[number];

const frequencies = [
  ...["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"],
] as const;

/** Days that a case looks at: what the other implementation can walk through one by one. */
const lookAhead: Record<string, number> = {
  ...{ YEARLY: 4_400, MONTHLY: 2_200, WEEKLY: 1_500, DAILY: 900 },
  ...{ HOURLY: 60, MINUTELY: 3, SECONDLY: 0.06 },
};

const dayNames = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** A random rule that RFC 5545 allows. */
export function randomCase(random: Random): RuleCase {
  const frequency = random.pick(frequencies);
  const interval = random.chance(0.5) ? 1 : random.between(2, random.pick([4, 30]));
  const parts = partsFor(random, frequency);
  const zone = random.pick(zones);
  const start = randomStart(random, { zone, frequency });
  const days = (lookAhead[frequency] ?? 0) * (random.chance(0.2) ? 2 : 1);
  const text = Object.entries(parts).map(([name, value]) => `;${name}=${value}`);
  return {
    rule: `FREQ=${frequency};INTERVAL=${interval}${text.join("")}`,
    start: naive(start),
    until: naive(start + days * 86_400_000),
    ...{ zone, frequency, interval, parts },
  };
}

/** A local time (ms, as UTC would show it) as naive text. */
export function naive(local: number): string {
  return new Date(local).toISOString().slice(0, 19);
}

/** Two starts of three lie close before a change of the zone's clocks; by its time of day where days are counted. */
function randomStart(
  random: Random,
  { zone, frequency }: { readonly zone: string; readonly frequency: Frequency },
): number {
  const from = Date.UTC(random.between(1996, 2021), random.between(0, 11), random.between(1, 28));
  const changes = random.chance(0.66)
    ? clockChanges(zone, { from, to: from + 400 * dayMs, stepMs: 25 * dayMs })
    : [];
  if (changes.length === 0) return from + random.between(0, 86_399) * 1_000;
  const { at, before, after } = random.pick(changes);
  const affected = at + Math.min(before, after) + random.between(0, 59) * 60_000;
  const isShort = ["MINUTELY", "SECONDLY"].includes(frequency);
  return isShort
    ? affected - random.between(0, frequency === "SECONDLY" ? 1_800 : 10_800) * 1_000
    : affected - random.between(0, 3) * dayMs;
}

const dayMs = 86_400_000;

function partsFor(random: Random, frequency: Frequency): Record<string, string> {
  const parts: Record<string, string> = {};
  const isLong = frequency === "YEARLY" || frequency === "MONTHLY";
  const isShort = ["HOURLY", "MINUTELY", "SECONDLY"].includes(frequency);
  const add = (name: string, probability: number, value: () => string): void => {
    if (random.chance(probability)) parts[name] = value();
  };
  add("WKST", 0.3, () => random.pick(dayNames));
  add("BYMONTH", 0.2, () => list(random, [1, 12]));
  if (frequency !== "WEEKLY") add("BYMONTHDAY", 0.2, () => signedList(random, 31));
  if (frequency === "YEARLY" || isShort) add("BYYEARDAY", 0.1, () => signedList(random, 366));
  if (frequency === "YEARLY") add("BYWEEKNO", 0.2, () => signedList(random, 53));
  add("BYDAY", 0.35, () => weekdayList(random, isLong ? ordinalMax(parts, frequency) : 0));
  add("BYHOUR", 0.25, () => list(random, [0, 23]));
  add("BYMINUTE", 0.2, () => list(random, [0, 59]));
  add("BYSECOND", 0.15, () => list(random, [0, 59]));
  const mayPlace = Object.keys(parts).some((name) => name.startsWith("BY"));
  if (mayPlace && !/\b5[23]\b/.test(parts["BYWEEKNO"] ?? "")) {
    add("BYSETPOS", 0.2, () => signedList(random, 8));
  }
  return parts;
}

/** The number of a weekday that dateutil can look up: beyond the month it fails with an IndexError. */
function ordinalMax(parts: Readonly<Record<string, string>>, frequency: Frequency): number {
  if (parts["BYWEEKNO"] !== undefined) return 0;
  return frequency === "MONTHLY" || parts["BYMONTH"] !== undefined ? 5 : 53;
}

function list(random: Random, [least, most]: readonly [number, number]): string {
  const count = random.pick([1, 1, 2, 3, 6]);
  return [...new Set(Array.from({ length: count }, () => random.between(least, most)))].join(",");
}

function signedList(random: Random, most: number): string {
  const count = random.pick([1, 2, 4, 12]);
  const values = Array.from({ length: count }, () => {
    const value = random.between(1, most);
    return random.chance(0.3) ? -value : value;
  });
  return [...new Set(values)].join(",");
}

function weekdayList(random: Random, ordinalMax: number): string {
  const count = random.pick([1, 2, 3, 5]);
  const days = Array.from({ length: count }, () => {
    const ordinal = ordinalMax > 0 && random.chance(0.4) ? random.between(1, ordinalMax) : 0;
    const sign = random.chance(0.5) ? "-" : "";
    return `${ordinal === 0 ? "" : `${sign}${ordinal}`}${random.pick(dayNames)}`;
  });
  return [...new Set(days)].join(",");
}
