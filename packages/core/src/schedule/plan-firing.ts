import { freeOccurrencesAfter, watchWindows, type BlockedOccurrence } from "./exception-windows.ts";
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
  /** What is not executed because it was missed. */
  readonly missed: MissedSpan | null;
  /** Occurrences from `dueAt` to now that a window held back. */
  readonly heldBack: readonly BlockedSpan[];
}

/** All of a job's occurrences in [firstAt, lastAt] (Unix ms), none of which is executed. */
export interface MissedSpan {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
  /** False: they are more than `count`, too many to be counted. */
  readonly isCounted: boolean;
}

/** An occurrence that is not older than this (ms) is on time. */
export const misfireGraceMs = 60_000;

/** `runAll` executes at most so many missed occurrences (semantics.md section 2). */
const runAllMax = 100;

/** Enough occurrences for every policy: those on time, those made up, and one that is not. */
const wantedMax = misfireGraceMs / 1_000 + runAllMax + 2;

/** Occurrences that are looked at one by one; a rule that fires every second has millions in a month. */
const countedMax = 1_000;

/** Decides for a job whose occurrence `dueAt` has come which occurrences are executed now, and when it is due again. */
export function planFiring(
  timetable: Timetable,
  at: { readonly dueAt: number; readonly now: number; readonly misfirePolicy: MisfirePolicy },
): Firing {
  const { dueAt, now, misfirePolicy } = at;
  const first = dueFrom(timetable, dueAt, now);
  const isCounted = first.due.length <= countedMax;
  const latest = isCounted ? first : latestDue(timetable, dueAt, now);
  const late = latest.due.filter((time) => now - time > misfireGraceMs);
  const onTime = latest.due.slice(late.length);
  const makeUp = madeUp(late, { misfirePolicy, hasOnTime: onTime.length > 0 });
  const left = late.slice(0, late.length - makeUp.length);
  return {
    fire: [...makeUp, ...onTime],
    missed: missedSpan(left, isCounted ? undefined : first.due[0]),
    heldBack: blockedSpans(
      isCounted ? first.blocked : [...first.blocked, ...laterBlocked(first, latest)],
    ),
    ...nextExecution(timetable, Math.max(now, dueAt)),
  };
}

/** `firstOfMany`: where a span begins that is too long to be counted. */
function missedSpan(left: readonly number[], firstOfMany: number | undefined): MissedSpan | null {
  const firstAt = firstOfMany ?? left[0];
  const lastAt = left.at(-1);
  if (firstAt === undefined || lastAt === undefined) return null;
  const isCounted = firstOfMany === undefined;
  return { firstAt, lastAt, count: isCounted ? left.length : countedMax, isCounted };
}

function laterBlocked(first: Due, latest: Due): readonly BlockedOccurrence[] {
  const known = Math.max(first.due.at(-1) ?? 0, first.blocked.at(-1)?.at ?? 0);
  return latest.blocked.filter(({ at }) => at > known);
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

/** The occurrences from `dueAt` to `now`, more than `countedMax` when there are, and what was held back until the last of them. */
function dueFrom(timetable: Timetable, dueAt: number, now: number): Due {
  const itself = dueItself(timetable, dueAt);
  const later = dueAfter(timetable, dueAt, now);
  return {
    due: [...itself.due, ...later.due],
    blocked: [...itself.blocked, ...later.blocked],
  };
}

/** The exceptions may have changed since `dueAt` was found to be free. */
function dueItself({ windows }: Timetable, dueAt: number): Due {
  const open = watchWindows(windows)(dueAt);
  return open === undefined
    ? { due: [dueAt], blocked: [] }
    : { due: [], blocked: [{ at: dueAt, ...open }] };
}

/**
 * The latest of very many occurrences, at least `wantedMax`: finds how far to look back, from moments to years, in a few
 * bounded looks.
 */
function latestDue(timetable: Timetable, dueAt: number, now: number): Due {
  let [tooMany, tooFew] = [dueAt, now];
  let latest: Due = { due: [], blocked: [] };
  let lookBackMs = wantedMax * 1_000;
  while (tooFew - tooMany > 1_000) {
    const isNear = tooMany === dueAt && now - lookBackMs > tooMany;
    const after = isNear ? now - lookBackMs : Math.floor((tooMany + tooFew) / 2);
    const found = dueAfter(timetable, after, now);
    if (found.due.length > countedMax) tooMany = after;
    else if (found.due.length >= wantedMax) return found;
    else [tooFew, latest, lookBackMs] = [after, found, lookBackMs * 4];
  }
  return latest;
}

/** The occurrences after `after` up to `now`, one more than `countedMax` when there are more, and what was held back until then. */
function dueAfter({ schedule, windows }: Timetable, after: number, now: number): Due {
  const due: number[] = [];
  const blocked: BlockedOccurrence[] = [];
  const occurrences = freeOccurrencesAfter(schedule, windows, after);
  for (;;) {
    const step = occurrences.next();
    const passed = step.done === true ? step.value : step.value.blocked;
    blocked.push(...passed.filter(({ at }) => at <= now));
    if (step.done === true || step.value.next.at > now) return { due, blocked };
    due.push(step.value.next.at);
    if (due.length > countedMax) return { due, blocked };
  }
}
