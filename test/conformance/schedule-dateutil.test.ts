import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { occurrencesAfter, parseSchedule } from "@courier/core";
import { expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { naive, randomCase, type RuleCase } from "./random-rule.ts";

const isCi = process.env["CI"] === "true";
/** The first Python that has dateutil: Debian's package is for Debian's own, which another may hide on the PATH. */
const python = ["python3", "/usr/bin/python3"].find(
  (program) => spawnSync(program, ["-c", "import dateutil, zoneinfo"]).status === 0,
);
const isThere = python !== undefined;

/** COURIER_RULE_SEED replays one seed, COURIER_RULE_CASES sets how many rules are tried. */
const seed = Number(process.env["COURIER_RULE_SEED"] ?? 20_261_125);
const caseCount = Number(process.env["COURIER_RULE_CASES"] ?? 2_000);

/** Occurrences compared of one rule. */
const comparedMax = 80;

interface OracleTime {
  readonly local: string;
  readonly first: number;
  readonly second: number | null;
  readonly gap: boolean;
}

it.skipIf(!isThere && !isCi)(
  `random rules occur when python-dateutil says${isThere ? "" : ": left out, there is no python3-dateutil"}`,
  { timeout: 300_000 },
  () => {
    const random = new Random(seed);
    const cases = Array.from({ length: caseCount }, () => randomCase(random));

    const answers = oracle(cases);
    const differences = cases.flatMap((each, index) => difference(each, answers[index] ?? []));
    const all = answers.flat();

    expect(differences.slice(0, 20)).toEqual([]);
    // The cases reach what they are there for.
    expect(all.length).toBeGreaterThan(caseCount * 10);
    expect(all.filter(({ gap }) => gap).length).toBeGreaterThan(caseCount / 40);
    expect(all.filter(({ second }) => second !== null).length).toBeGreaterThan(caseCount / 40);
  },
);

function oracle(cases: readonly RuleCase[]): OracleTime[][] {
  const program = fileURLToPath(new URL("dateutil-oracle.py", import.meta.url));
  const input = cases.map((each) => ({
    ...{ from: each.start, until: each.until, zone: each.zone, max: comparedMax },
    ...asDateutilReads(each),
  }));
  const { stdout, stderr, status } = spawnSync(python ?? "python3", [program], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
    timeout: 280_000,
  });
  if (status !== 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout)) as OracleTime[][];
}

/**
 * dateutil deviates from RFC 5545 in three places, which saying more avoids.
 * - With BYWEEKNO alone it takes every day of the week, where the RFC takes what is missing, the weekday, from DTSTART.
 * - Where BYDAY mixes numbered and plain days it takes what is both, where the RFC takes either: `2WE,MO` is told as
 *   `2WE,1MO,2MO,3MO,4MO,5MO`.
 * - With FREQ=WEEKLY its first week begins at DTSTART, so that BYSETPOS counts too few: it is told the week's first day.
 */
function asDateutilReads({ rule, parts, start, until, frequency }: RuleCase): {
  readonly rule: string;
  readonly start: string;
} {
  const days = parts["BYDAY"]?.split(",") ?? [];
  const isMixed = days.some((day) => day.length > 2) && days.some((day) => day.length === 2);
  const isMonth = frequency === "MONTHLY" || parts["BYMONTH"] !== undefined;
  const numbers = Array.from({ length: isMonth ? 5 : 53 }, (_, index) => index + 1);
  const numbered = days.flatMap((day) =>
    day.length > 2 ? [day] : numbers.map((number) => `${number}${day}`),
  );
  const told = isMixed ? rule.replace(/BYDAY=[^;]+/, `BYDAY=${numbered.join(",")}`) : rule;
  const isBare =
    (frequency === "WEEKLY" || parts["BYWEEKNO"] !== undefined) &&
    ["BYDAY", "BYMONTHDAY", "BYYEARDAY"].every((name) => parts[name] === undefined);
  const weekday = (new Date(`${start}Z`).getUTCDay() + 6) % 7;
  const end = until.replaceAll(/[-:]/g, "");
  const sinceWeekStart = (weekday - weekdays.indexOf(parts["WKST"] ?? "MO") + 7) % 7;
  const isPlaced = frequency === "WEEKLY" && parts["BYSETPOS"] !== undefined;
  return {
    rule: `RRULE:${told};UNTIL=${end}${isBare ? `;BYDAY=${weekdays[weekday]}` : ""}`,
    start: isPlaced ? naive(Date.parse(`${start}Z`) - sinceWeekStart * 86_400_000) : start,
  };
}

const weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

function difference(each: RuleCase, times: readonly OracleTime[]): string[] {
  const isCompared = (at: number): boolean => !isMiscounted(each, at);
  const expected = instantsAsDocumented(each, times).filter(isCompared);
  const actual = ours(each, times).filter(isCompared);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return [];
  const at = expected.findIndex((value, index) => value !== actual[index]);
  const index = at < 0 ? expected.length : at;
  const text = (value: number | undefined): string =>
    value === undefined ? "nothing" : new Date(value).toISOString();
  return [
    `${each.rule} from ${each.start} in ${each.zone}: occurrence ${index} is ${text(actual[index])}, dateutil says ${text(expected[index])}`,
  ];
}

/**
 * dateutil counts the weeks of the year before wrongly (by this year's length), so that it takes January's days before week 1
 * for week 52 or 53 when they are not, and the other way round; and it knows December's days of the next year's week 1 as week
 * 1, not as -52 or -53. Core's own test holds the days around each new year against the definition.
 */
function isMiscounted({ parts, zone }: RuleCase, at: number): boolean {
  if (!/(?:^|,)-?5[23]\b/.test(parts["BYWEEKNO"] ?? "")) return false;
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  const [year = 0, month = 0, day = 0] = format.format(at).split("-").map(Number);
  const beforeFirst = (of: number): number => {
    const weekStart = weekdays.indexOf(parts["WKST"] ?? "MO");
    return 3 - ((new Date(Date.UTC(of, 0, 4)).getUTCDay() + 6 - weekStart + 7) % 7);
  };
  if (month === 1) return day <= beforeFirst(year);
  return month === 12 && day > 31 + beforeFirst(year + 1);
}

/**
 * dateutil knows local times only; semantics of the service turn them into instants. A time in a gap is its end, one that
 * occurs twice its first showing; the second too where the rule goes through every hour and the clock goes back by no less
 * than its period.
 */
function instantsAsDocumented(each: RuleCase, times: readonly OracleTime[]): number[] {
  const period = everyHourPeriod(each);
  const instants = times.flatMap(({ first, second }) =>
    second !== null && second - first >= period ? [first, second] : [first],
  );
  const last = lastInstant(times);
  return [...new Set(instants)]
    .map((instant) => instant * 1_000)
    .filter((instant) => instant <= last)
    .toSorted((a, b) => a - b);
}

/** Seconds between the times of a rule that names no hours; infinite for one that names some. */
function everyHourPeriod({ frequency, interval, parts }: RuleCase): number {
  if (parts["BYHOUR"] !== undefined) return Infinity;
  const perHour = parts["BYMINUTE"]?.split(",").length ?? 1;
  if (frequency === "HOURLY") return interval === 1 ? 3_600 / perHour : Infinity;
  if (frequency === "MINUTELY") return interval * 60;
  return frequency === "SECONDLY" ? interval : Infinity;
}

/** Up to the last that the oracle gave; to the end of the rule when it gave all. */
function ours({ rule, start, until, zone }: RuleCase, times: readonly OracleTime[]): number[] {
  const compact = (naive: string): string => naive.replaceAll(/[-:]/g, "");
  const text = `DTSTART;TZID=${zone}:${compact(start)}\nRRULE:${rule};UNTIL=${compact(until)}`;
  const parsed = parseSchedule(text, { timeZone: "UTC", anchor: 0 });
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`);
  const last = lastInstant(times);
  const found: number[] = [];
  for (const { at } of occurrencesAfter(parsed.schedule, Date.parse(`${start}Z`) - 172_800_000)) {
    if (at > last) break;
    found.push(at);
  }
  return found;
}

/** Where the comparison ends: at the last time of a list that was cut off. */
function lastInstant(times: readonly OracleTime[]): number {
  if (times.length < comparedMax) return Infinity;
  return Math.max(...times.map(({ first }) => first)) * 1_000;
}
