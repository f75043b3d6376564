import { freeOccurrencesAfter, openWindow, type BlockedOccurrence } from "./exception-windows.ts";
import {
  blockedSpans,
  nextExecution,
  type BlockedSpan,
  type NextExecution,
} from "./next-execution.ts";
import type { Timetable } from "./timetable.ts";

/** What happens to occurrences that were missed while no service was there (semantics.md section 2). */
type MisfirePolicy = "skip" | "runLatest" | "runAll";

/** What a due job does now, and when it is due again. Times are Unix ms. */
export interface Firing extends NextExecution {
  /** Occurrences to execute, oldest first. */
  readonly fire: readonly number[];
  /** The latest occurrences that are not executed because they were missed, oldest first; at most 1,000. */
  readonly missed: readonly number[];
  /** Occurrences from `dueAt` to now that a window held back. */
  readonly heldBack: readonly BlockedSpan[];
}

/** An occurrence that is not older than this (ms) is on time. */
export const misfireGraceMs = 60_000;

/** `runAll` executes at most so many missed occurrences (semantics.md section 2). */
const runAllMax = 100;

/** Missed occurrences that are listed; a rule that fires every second would list millions. */
const missedMax = 1_000;

const lookBacksMs = [600_000, 86_400_000, 30 * 86_400_000, Number.POSITIVE_INFINITY];

/** Decides for a job whose occurrence `dueAt` has come which occurrences are executed now, and when it is due again. */
export function planFiring(
  timetable: Timetable,
  at: { readonly dueAt: number; readonly now: number; readonly misfirePolicy: MisfirePolicy },
): Firing {
  const { dueAt, now, misfirePolicy } = at;
  const { due, blocked: heldBack } = latestDue(timetable, { dueAt, now });
  const late = due.filter((time) => now - time > misfireGraceMs);
  const onTime = due.slice(late.length);
  const makeUp = madeUp(late, { misfirePolicy, hasOnTime: onTime.length > 0 });
  return {
    fire: [...makeUp, ...onTime],
    missed: late.slice(0, late.length - makeUp.length),
    heldBack: blockedSpans(heldBack),
    ...nextExecution(timetable, Math.max(now, dueAt)),
  };
}

function madeUp(
  late: readonly number[],
  options: { readonly misfirePolicy: MisfirePolicy; readonly hasOnTime: boolean },
): readonly number[] {
  switch (options.misfirePolicy) {
    case "skip":
      return [];
    case "runLatest":
      return options.hasOnTime ? [] : late.slice(-1);
    case "runAll":
      return late.slice(-runAllMax);
  }
}

interface Due {
  readonly due: readonly number[];
  readonly blocked: readonly BlockedOccurrence[];
}

/** The latest occurrences from `dueAt` to `now`, at most 1,000, and what was held back: looks back only as far as it must. */
function latestDue(
  timetable: Timetable,
  { dueAt, now }: { readonly dueAt: number; readonly now: number },
): Due {
  for (const lookBackMs of lookBacksMs) {
    const after = Math.max(dueAt, now - lookBackMs) - 1;
    const first = after < dueAt ? dueItself(timetable, dueAt) : { due: [], blocked: [] };
    const found = occurredUntil(timetable, { after: Math.max(after, dueAt), now });
    const due = [...first.due, ...found.due];
    const blocked = [...first.blocked, ...found.blocked];
    if (after < dueAt || due.length >= missedMax) return { due: due.slice(-missedMax), blocked };
  }
  return dueItself(timetable, dueAt);
}

/** The exceptions may have changed since `dueAt` was found to be free. */
function dueItself({ windows }: Timetable, dueAt: number): Due {
  const open = openWindow(windows, dueAt);
  return open === undefined
    ? { due: [dueAt], blocked: [] }
    : { due: [], blocked: [{ at: dueAt, ...open }] };
}

function occurredUntil(
  { schedule, windows }: Timetable,
  { after, now }: { readonly after: number; readonly now: number },
): Due {
  const due: number[] = [];
  const blocked: BlockedOccurrence[] = [];
  const occurrences = freeOccurrencesAfter(schedule, windows, after);
  for (;;) {
    const step = occurrences.next();
    const passed = step.done === true ? step.value : step.value.blocked;
    blocked.push(...passed.filter(({ at }) => at <= now));
    if (step.done === true || step.value.next.at > now) return { due, blocked };
    due.push(step.value.next.at);
  }
}
