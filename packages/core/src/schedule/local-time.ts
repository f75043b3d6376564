import { dayMs, dayNumber } from "./civil-day.ts";

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether this platform knows the IANA time zone. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    // The only way that Intl offers to ask.
    return false;
  }
}

/** Wall clock time in the zone at an instant (Unix ms), as the ms that UTC would show for the same wall clock. */
export function toLocal(zone: string, instant: number): number {
  return instant + offsetAt(zone, instant);
}

/**
 * The instant (Unix ms) of a wall clock time. One that occurs twice is the first of the two; one that does not exist is
 * the first valid instant after the gap (semantics.md section 3).
 */
export function toInstant(zone: string, local: number): number {
  const before = offsetAt(zone, local - dayMs);
  const after = offsetAt(zone, local + dayMs);
  const instants = [local - before, local - after].filter(
    (instant) => toLocal(zone, instant) === local,
  );
  if (instants.length > 0) return Math.min(...instants);
  return transitionBetween(zone, local - Math.max(before, after), local - Math.min(before, after));
}

/** Local time minus UTC at an instant, in ms. */
function offsetAt(zone: string, instant: number): number {
  if (zone === "UTC") return 0;
  const second = Math.floor(instant / 1000) * 1000;
  const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(second)) {
    fields[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = fields;
  const days = dayNumber(year, month - 1) + day - 1;
  return days * dayMs + ((hour * 60 + minute) * 60 + s) * 1000 - second;
}

/** First instant after `low`, at most `high`, that has the offset of `high`. */
function transitionBetween(zone: string, low: number, high: number): number {
  const offset = offsetAt(zone, high);
  let [unchanged, changed] = [Math.floor(low / 1000), Math.ceil(high / 1000)];
  while (changed - unchanged > 1) {
    const middle = Math.floor((unchanged + changed) / 2);
    if (offsetAt(zone, middle * 1000) === offset) changed = middle;
    else unchanged = middle;
  }
  return changed * 1000;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  formatters.set(zone, formatter);
  return formatter;
}
