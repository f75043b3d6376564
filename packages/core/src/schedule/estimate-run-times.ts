import { freeOccurrencesAfter, type BlockedOccurrence } from "./exception-windows.ts";
import { firstFreeInstant } from "./next-execution.ts";
import type { Timetable } from "./timetable.ts";

/** When a job would run from now on. Times are Unix ms. */
export interface RunTimeEstimate {
  /** Free occurrences, ascending. */
  readonly times: readonly number[];
  /** Occurrences on the way that a window blocks, ascending; at most 1,000. */
  readonly blocked: readonly BlockedOccurrence[];
  /** Occurrences that a change of the clocks moved, in words, and what else one should know. */
  readonly notes: readonly string[];
}

/** Blocked occurrences that an estimate lists. */
const blockedMax = 1_000;

/** The next `count` free occurrences after an instant (Unix ms), with what is blocked before the last of them. */
export function estimateRunTimes(
  timetable: Timetable,
  { after, count }: { readonly after: number; readonly count: number },
): RunTimeEstimate {
  const { schedule, windows } = timetable;
  if (schedule.kind === "immediate") return estimateImmediate(timetable, after);
  const times: number[] = [];
  const blocked: BlockedOccurrence[] = [];
  const notes: string[] = [];
  const occurrences = freeOccurrencesAfter(schedule, windows, after);
  while (times.length < count) {
    const step = occurrences.next();
    blocked.push(...(step.done === true ? step.value : step.value.blocked));
    if (step.done === true) {
      const isOver = step.value.length === 0;
      notes.push(isOver ? "the schedule ends here" : "nothing more is free in sight");
      break;
    }
    const { at, note } = step.value.next;
    times.push(at);
    if (note !== "") notes.push(note);
  }
  if (blocked.length >= blockedMax) notes.push(`of what is blocked, ${blockedMax} are listed`);
  return { times, blocked: blocked.slice(0, blockedMax), notes };
}

function estimateImmediate({ windows }: Timetable, after: number): RunTimeEstimate {
  const { nextAt, blocked } = firstFreeInstant(windows, after + 1);
  return {
    times: nextAt === null ? [] : [nextAt],
    blocked: blocked.map(({ firstAt, label, windowEndsAt }) => ({
      at: firstAt,
      label,
      windowEndsAt,
    })),
    notes: nextAt === null ? ["nothing is free in sight"] : [],
  };
}
