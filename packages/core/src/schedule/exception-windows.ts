import { dayMs } from "./civil-day.ts";
import { newSearch } from "./expand-rule.ts";
import { nextOccurrence, occurrencesAfter, type Occurrence, type Schedule } from "./schedule.ts";

/** A recurring window in which nothing starts: opens at each occurrence, [start, end). */
export interface ExceptionWindow {
  readonly schedule: Schedule;
  readonly durationMs: number;
  /** How a person recognises the rule. */
  readonly label: string;
}

/** An occurrence that a window held back. Times are Unix ms. */
export interface BlockedOccurrence {
  readonly at: number;
  readonly label: string;
  readonly windowEndsAt: number;
}

/** A free occurrence, with what was blocked on the way to it. */
export interface FreeOccurrence {
  readonly next: Occurrence;
  readonly blocked: readonly BlockedOccurrence[];
}

/** Blocked occurrences that are listed one by one; after them the search goes on at the end of each window. */
const listedMax = 1_000;

/** After so many windows without a free occurrence they are taken to block everything. */
export const windowsMax = 1_000;

/**
 * The occurrences after an instant (Unix ms) that no window holds back, ascending (semantics.md section 3). Returns what
 * was blocked after the last of them.
 */
export function* freeOccurrencesAfter(
  schedule: Schedule,
  windows: readonly ExceptionWindow[],
  after: number,
): Generator<FreeOccurrence, readonly BlockedOccurrence[]> {
  const watches = windows.map(watch);
  let blocked: BlockedOccurrence[] = [];
  let resumeAfter: number | undefined = after;
  for (let passed = 0; resumeAfter !== undefined && passed < windowsMax; passed += 1) {
    const from: number = resumeAfter;
    resumeAfter = undefined;
    for (const next of occurrencesAfter(schedule, from)) {
      const open = firstOpen(watches, next.at);
      if (open === undefined) {
        yield { next, blocked };
        blocked = [];
        passed = 0;
        continue;
      }
      if (blocked.length === listedMax) {
        resumeAfter = open.windowEndsAt - 1;
        break;
      }
      blocked.push({ at: next.at, ...open });
    }
  }
  return blocked;
}

/** Says of ascending instants (Unix ms) which window is open, the first in the list of several. */
export function watchWindows(windows: readonly ExceptionWindow[]): Watch {
  const watches = windows.map(watch);
  return (at) => firstOpen(watches, at);
}

/** When the first window opens that is not over at an instant (Unix ms); null when none does. */
export function firstOpening({ schedule, durationMs }: ExceptionWindow, at: number): number | null {
  return nextOccurrence(schedule, at - durationMs)?.at ?? null;
}

type OpenWindow = Omit<BlockedOccurrence, "at">;

/** Says of ascending instants (Unix ms) whether the window is open. */
type Watch = (at: number) => OpenWindow | undefined;

function firstOpen(watches: readonly Watch[], at: number): OpenWindow | undefined {
  for (const isOpen of watches) {
    const open = isOpen(at);
    if (open !== undefined) return open;
  }
  return undefined;
}

/**
 * Remembers how far the rule was searched, and searches no further than it is asked: a hundred windows that never open cost
 * no more than the time that passes over them.
 */
function watch({ schedule, durationMs, label }: ExceptionWindow): Watch {
  let found: number | undefined;
  let emptyUpTo = -Infinity;
  return (at) => {
    const closed = at - durationMs;
    if (found === undefined || found <= closed) {
      const upTo = at + dayMs;
      found = nextOccurrence(schedule, Math.max(closed, emptyUpTo), newSearch(upTo))?.at;
      if (found === undefined) emptyUpTo = at;
    }
    const isOpen = found !== undefined && found <= at;
    return isOpen ? { label, windowEndsAt: (found ?? at) + durationMs } : undefined;
  };
}
