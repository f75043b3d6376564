import { freeOccurrencesAfter } from "./exception-windows.ts";
import { nextFree, type Timetable } from "./timetable.ts";

/** What happens to occurrences that were missed while no service was there (semantics.md section 2). */
type MisfirePolicy = "skip" | "runLatest" | "runAll";

/** What a due job does now. Times are Unix ms. */
export interface Firing {
  /** Occurrences to execute, oldest first. */
  readonly fire: readonly number[];
  /** The latest occurrences that are not executed because they were missed, oldest first; at most 1,000. */
  readonly missed: readonly number[];
  /** When the job is due again; null: never. */
  readonly nextAt: number | null;
}

/** An occurrence that is not older than this is on time. */
const misfireGraceMs = 60_000;

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
  const due = [...latestDue(timetable, { dueAt, now })];
  const late = due.filter((time) => now - time > misfireGraceMs);
  const onTime = due.slice(late.length);
  const makeUp = madeUp(late, { misfirePolicy, hasOnTime: onTime.length > 0 });
  return {
    fire: [...makeUp, ...onTime],
    missed: late.slice(0, late.length - makeUp.length),
    nextAt: nextFree(timetable, Math.max(now, dueAt))?.next.at ?? null,
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

/** The latest occurrences from `dueAt` to `now`, at most 1,000: looks back only as far as it must. */
function latestDue(
  { schedule, windows }: Timetable,
  { dueAt, now }: { readonly dueAt: number; readonly now: number },
): readonly number[] {
  for (const lookBackMs of lookBacksMs) {
    const after = Math.max(dueAt, now - lookBackMs) - 1;
    const found: number[] = after < dueAt ? [dueAt] : [];
    for (const { next } of freeOccurrencesAfter(schedule, windows, Math.max(after, dueAt))) {
      if (next.at > now) break;
      found.push(next.at);
    }
    if (after < dueAt || found.length >= missedMax) return found.slice(-missedMax);
  }
  return [dueAt];
}
