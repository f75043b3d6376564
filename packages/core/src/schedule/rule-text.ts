import { nearestName } from "@courier/schema";
import { civilDay, dayMs, dayNumber } from "./civil-day.ts";

/** A rule that cannot be understood; the message says what is wrong and what would be right. */
export class RuleProblem extends Error {}

/** The parts of a rule as they were written, DTSTART apart. Names and values are in upper case, zones as given. */
export interface RuleText {
  readonly startText: string | undefined;
  readonly zoneText: string | undefined;
  readonly parts: ReadonlyMap<string, string>;
}

/** A date or time as RFC 5545 writes it. */
export interface DateTime {
  /** Wall clock ms; of a date its first moment. */
  readonly at: number;
  readonly isUtc: boolean;
  readonly isDate: boolean;
}

/** Takes `[DTSTART[;TZID=zone]:time] [RRULE:]part;part…` apart; DTSTART may also be a part. Throws RuleProblem. */
export function readRuleText(text: string): RuleText {
  // A line break that was escaped twice on its way through JSON, TOML or a shell is meant as one.
  const words = text
    .replaceAll(String.raw`\n`, "\n")
    .trim()
    .split(/\s+/);
  const starts = words.filter((word) => startLine.test(word));
  const rules = words.filter((word) => !startLine.test(word));
  const other = rules.find((word) => /^(?:EXDATE|RDATE|EXRULE)[;:]/i.test(word));
  if (other !== undefined) {
    throw new RuleProblem(
      `${JSON.stringify(other)} is not supported; hold occurrences back by exceptionRules, add others by a job of their own`,
    );
  }
  const ruleText = rules[0]?.replace(/^RRULE:/i, "") ?? "";
  if (rules.length !== 1 || ruleText === "") {
    throw new RuleProblem("expected exactly one rule such as RRULE:FREQ=DAILY;BYHOUR=2");
  }
  const parts = partsOf(ruleText);
  const inside = parts.get("DTSTART");
  if (starts.length + (inside === undefined ? 0 : 1) > 1) {
    throw new RuleProblem("DTSTART is given twice");
  }
  parts.delete("DTSTART");
  const [line] = starts;
  return line === undefined
    ? { startText: inside, zoneText: undefined, parts }
    : { ...readStartLine(line), parts };
}

/** Reads YYYYMMDD or YYYYMMDDTHHMMSS[Z]. A leap second is the second before it (RFC 5545 section 3.3.12). */
export function readDateTime(text: string, name: string): DateTime {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/i.exec(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (match ?? [])
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  const dayOfEpoch = dayNumber(year, month - 1) + day - 1;
  const actual = civilDay(dayOfEpoch);
  const isReal = year > 0 && actual.monthDay === day && actual.month === month;
  const time = (hour * 60 + minute) * 60 + Math.min(second, 59);
  if (match === null || !isReal || hour > 23 || minute > 59 || second > 60) {
    throw new RuleProblem(`${name}=${text} is not a date YYYYMMDD or a time YYYYMMDDTHHMMSS[Z]`);
  }
  const isUtc = match[7]?.toUpperCase() === "Z";
  return { at: dayOfEpoch * dayMs + time * 1000, isUtc, isDate: match[4] === undefined };
}

const startLine = /^DTSTART[;:]/i;

const partNames = [
  ...["DTSTART", "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSECOND", "BYMINUTE", "BYHOUR"],
  ...["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"],
];

function readStartLine(line: string): Omit<RuleText, "parts"> {
  const colon = line.indexOf(":");
  const parameters = line.slice("DTSTART".length, colon).split(";").slice(1);
  let zoneText: string | undefined;
  for (const parameter of colon < 0 ? [line] : parameters) {
    const zone = /^TZID=(?:"([^"]+)"|([^"]+))$/i.exec(parameter);
    zoneText = zone?.[1] ?? zone?.[2] ?? zoneText;
    if (zone === null && !/^VALUE=DATE(?:-TIME)?$/i.test(parameter)) {
      throw new RuleProblem(
        `${JSON.stringify(line)} is not DTSTART[;TZID=zone]:YYYYMMDD[THHMMSS[Z]]`,
      );
    }
  }
  return { startText: line.slice(colon + 1), zoneText };
}

function partsOf(ruleText: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of ruleText.split(";").filter((piece) => piece !== "")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(equals, 0)).toUpperCase();
    if (!partNames.includes(name)) {
      const nearest = nearestName(name, partNames);
      const hint =
        nearest === undefined
          ? `they are ${partNames.join(", ")}, each as NAME=value`
          : `did you mean ${nearest}?`;
      throw new RuleProblem(`${JSON.stringify(part)} is not a rule part; ${hint}`);
    }
    if (parts.has(name)) throw new RuleProblem(`${name} is given twice`);
    parts.set(name, part.slice(equals + 1).toUpperCase());
  }
  return parts;
}
