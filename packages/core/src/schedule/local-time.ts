import { nearestName } from "@courier/schema";
import { dayMs, dayNumber } from "./civil-day.ts";

/** Instants (Unix ms) of one wall clock time. */
export interface Instants {
  /** The first of those that show it; the first valid instant after the gap when none does (semantics.md section 3). */
  readonly first: number;
  /** The second that shows it, when clocks are put back over it. */
  readonly second: number | null;
  /** No instant shows it: clocks are put forward over it. */
  readonly isInGap: boolean;
}

/** Whether this platform knows the IANA time zone; upper and lower case are alike. Offsets such as `+02:00` are no zones. */
export function isTimeZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    // The only way that Intl offers to ask.
    return false;
  }
}

/** What a person is told of a time zone that this platform does not know. */
export function unknownZone(name: string): string {
  const nearest = nearestName(name, Intl.supportedValuesOf("timeZone"));
  const hint =
    nearest === undefined
      ? 'expected an IANA name such as "Europe/Berlin"'
      : `did you mean ${JSON.stringify(nearest)}?`;
  return `time zone ${JSON.stringify(name)} is not known; ${hint}`;
}

/** Wall clock time in the zone at an instant (Unix ms), as the ms that UTC would show for the same wall clock. */
export function toLocal(zone: string, instant: number): number {
  return instant + offsetAt(zone, instant);
}

/** When a wall clock time is shown in the zone. */
export function instantsOf(zone: string, local: number): Instants {
  const before = offsetAt(zone, local - dayMs);
  const after = offsetAt(zone, local + dayMs);
  if (before === after) return { first: local - before, second: null, isInGap: false };
  const shown = [local - before, local - after]
    .filter((instant) => toLocal(zone, instant) === local)
    .toSorted((a, b) => a - b);
  const [first, second = null] = shown;
  if (first !== undefined) return { first, second, isInGap: false };
  const between = { low: local - Math.max(before, after), high: local - Math.min(before, after) };
  return { first: changeBetween(zoneOf(zone), between), second: null, isInGap: true };
}

/** By how much clocks were put back within 3 hours before, or are within 3 hours after an instant (Unix ms), ms; else 0. */
export function putBackAround(zone: string, instant: number): number {
  const before = offsetAt(zone, instant - repeatMax);
  return Math.max(0, before - offsetAt(zone, instant + repeatMax));
}

/** Clocks are put back by less than this. */
const repeatMax = 10_800_000;

/** A stretch of time in which a zone changes its offset at most once: those 40 zones and all others keep one for longer. */
const blockMs = 4 * dayMs;

/** Blocks remembered of one zone: eleven years. */
const blocksMax = 1_000;

/** Before this zones have no rules, only the sun's time; nothing fires there. */
const firstInstant = -5_364_662_400_000;

interface Block {
  readonly before: number;
  readonly after: number;
  readonly changesAt: number;
}

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  readonly blocks: Map<number, Block>;
}

/** What the platform said about zones: asking it costs more than all else that a schedule computes. */
const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  const key = name.toLowerCase();
  const known = zones.get(key);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  const zone = { formatter, blocks: new Map<number, Block>() };
  zones.set(key, zone);
  return zone;
}

/** Local time minus UTC at an instant, in ms. */
function offsetAt(name: string, instant: number): number {
  if (name === "UTC") return 0;
  const zone = zoneOf(name);
  const index = Math.floor(Math.max(instant, firstInstant) / blockMs);
  const block = zone.blocks.get(index) ?? learn(zone, index);
  return instant < block.changesAt ? block.before : block.after;
}

function learn(zone: Zone, index: number): Block {
  const [low, high] = [index * blockMs, (index + 1) * blockMs];
  const [before, after] = [askedOffset(zone, low), askedOffset(zone, high)];
  const changesAt = before === after ? Infinity : changeBetween(zone, { low, high });
  if (zone.blocks.size === blocksMax) zone.blocks.clear();
  const block = { before, after, changesAt };
  zone.blocks.set(index, block);
  return block;
}

/** First instant after `low`, at most `high`, that has the offset of `high`. */
function changeBetween(
  zone: Zone,
  between: { readonly low: number; readonly high: number },
): number {
  const offset = askedOffset(zone, between.high);
  let [unchanged, changed] = [Math.floor(between.low / 1000), Math.ceil(between.high / 1000)];
  while (changed - unchanged > 1) {
    const middle = Math.floor((unchanged + changed) / 2);
    if (askedOffset(zone, middle * 1000) === offset) changed = middle;
    else unchanged = middle;
  }
  return changed * 1000;
}

function askedOffset(zone: Zone, instant: number): number {
  const second = Math.floor(instant / 1000) * 1000;
  const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of zone.formatter.formatToParts(second)) {
    fields[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = fields;
  const days = dayNumber(year, month - 1) + day - 1;
  return days * dayMs + ((hour * 60 + minute) * 60 + s) * 1000 - second;
}
