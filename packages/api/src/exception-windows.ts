import { globalWindowOf, type BlockedSpan, type ExceptionWindow } from "@courier/core";
import { readExceptions, type Db, type JobRow } from "@courier/store";
import { rfc3339 } from "./rfc3339.ts";

/** The global exceptions as windows, and which version of them that is. */
export async function readExceptionWindows(
  db: Db,
): Promise<{ readonly version: number; readonly windows: readonly ExceptionWindow[] }> {
  const { version, rules } = await readExceptions(db);
  return { version, windows: rules.map(globalWindowOf) };
}

/** What is blocked before a job's next execution. */
export function blockedOf(row: JobRow): readonly BlockedSpan[] {
  // The column holds what was serialised from such a list, and nothing else is written to it.
  return JSON.parse(row.blocked) as BlockedSpan[];
}

/** Which rule blocks what, in words. */
export function exceptionReasons(blocked: readonly BlockedSpan[]): string[] {
  return blocked.map(({ label, windowEndsAt, firstAt, lastAt, count }) => {
    const until = `blocked by ${label} until ${rfc3339(windowEndsAt)}`;
    return count === 1
      ? `${rfc3339(firstAt)} is ${until}`
      : `${count} times from ${rfc3339(firstAt)} to ${rfc3339(lastAt)} are ${until}`;
  });
}
