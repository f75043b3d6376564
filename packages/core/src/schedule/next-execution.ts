import {
  freeOccurrencesAfter,
  watchWindows,
  windowsMax,
  type BlockedOccurrence,
  type ExceptionWindow,
} from "./exception-windows.ts";
import { occurrencesAfter } from "./schedule.ts";
import type { Timetable } from "./timetable.ts";

/** Occurrences in a row that the windows of one rule hold back. Times are Unix ms. */
export interface BlockedSpan {
  readonly label: string;
  /** When the window of the last of them ends. */
  readonly windowEndsAt: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

/** When a job is due next, and what is blocked before that. Times are Unix ms. */
export interface NextExecution {
  /** Null: nothing free is in sight; for ever when `reviewAt` is null too. */
  readonly nextAt: number | null;
  readonly blocked: readonly BlockedSpan[];
  /** When to look again, because everything that is in sight is blocked; exceptions may change until then. */
  readonly reviewAt: number | null;
}

/** Spans that are listed one by one; rules that block in turn add one each. */
const spansMax = 100;

/** The first free time after an instant (Unix ms). An immediate job starts at the first instant that no window covers. */
export function nextExecution(timetable: Timetable, after: number): NextExecution {
  const { schedule, windows } = timetable;
  if (schedule.kind === "immediate") return firstFreeInstant(windows, after + 1);
  const first = freeOccurrencesAfter(schedule, windows, after).next();
  if (first.done !== true) {
    const { next, blocked } = first.value;
    return { nextAt: next.at, blocked: blockedSpans(blocked), reviewAt: null };
  }
  const last = first.value.at(-1);
  return {
    nextAt: null,
    blocked: blockedSpans(first.value),
    reviewAt: last === undefined ? null : last.at + 1,
  };
}

/** The first instant at or after another (Unix ms) that no window covers, and which windows stood in the way. */
export function firstFreeInstant(windows: readonly ExceptionWindow[], from: number): NextExecution {
  const blocked: BlockedOccurrence[] = [];
  const openAt = watchWindows(windows);
  let at = from;
  for (let passed = 0; passed < windowsMax; passed += 1) {
    const open = openAt(at);
    if (open === undefined) return { nextAt: at, blocked: blockedSpans(blocked), reviewAt: null };
    blocked.push({ at: from, ...open });
    at = open.windowEndsAt;
  }
  return { nextAt: null, blocked: blockedSpans(blocked), reviewAt: at };
}

/** Blocked occurrences by the rule that blocks them; of more than 100 spans the last takes the rest. */
export function blockedSpans(blocked: readonly BlockedOccurrence[]): readonly BlockedSpan[] {
  const spans: BlockedSpan[] = [];
  for (const { at, label, windowEndsAt } of blocked) {
    const last = spans.at(-1);
    if (last !== undefined && (last.label === label || spans.length === spansMax)) {
      // An immediate job's one occurrence is blocked by window after window.
      const count = at > last.lastAt ? last.count + 1 : last.count;
      spans[spans.length - 1] = { ...last, windowEndsAt, lastAt: at, count };
    } else {
      spans.push({ label, windowEndsAt, firstAt: at, lastAt: at, count: 1 });
    }
  }
  return spans;
}

/** The part of blocked spans that has come by an instant (Unix ms): what was really held back, even if the rest is free by now. */
export function spansUntil(
  { schedule }: Timetable,
  spans: readonly BlockedSpan[],
  now: number,
): readonly BlockedSpan[] {
  return spans.flatMap((span) => {
    if (span.firstAt > now) return [];
    if (span.lastAt <= now) return [span];
    let count = 0;
    let lastAt = span.firstAt;
    for (const { at } of occurrencesAfter(schedule, span.firstAt - 1)) {
      if (at > now || count === span.count) break;
      count += 1;
      lastAt = at;
    }
    return count === 0 ? [] : [{ ...span, lastAt, count }];
  });
}
