import type { Clock } from "@courier/core";
import { rebootLimitMs } from "../limits.ts";
import { readAttemptState } from "../step/run-directory.ts";
import type { AttemptEnd } from "../step/launch.ts";
import { wait } from "../wait.ts";

/**
 * Resolves with an end only when the node was not rebooted: the command that asks for it failed, or the node is still
 * up `rebootLimitMs` after it should have gone down. Otherwise this process ends before, or `signal` aborts: undefined.
 */
export async function awaitReboot(
  commandEnded: Promise<AttemptEnd | undefined>,
  options: {
    readonly clock: Clock;
    /** When the node is to go down, by `clock`. */
    readonly dueAt: number;
    readonly signal: AbortSignal;
  },
): Promise<AttemptEnd | undefined> {
  const { clock, dueAt, signal } = options;
  const end = await commandEnded;
  if (end === undefined || !isAsked(end)) return end;
  const delayMs = Math.max(0, dueAt + rebootLimitMs - clock.now());
  if (!(await wait(clock, delayMs, signal))) return undefined;
  const minutes = rebootLimitMs / 60_000;
  const reason = `the node did not reboot within ${minutes} minutes of the time that was asked for`;
  return { kind: "notRebooted", reason };
}

/** A machine that goes down may kill the command before it ends. */
function isAsked(end: AttemptEnd): boolean {
  return (end.kind === "exited" && end.exitCode === 0) || end.kind === "wrapperKilled";
}

/** The end of a restart that an earlier boot asked for: it has happened, unless the command is known to have failed. */
export function endAfterReboot(runDirectory: string): AttemptEnd {
  const state = readAttemptState(runDirectory);
  const exitCode = state.kind === "exited" ? state.exitCode : 0;
  return { kind: "exited", exitCode, timedOut: false };
}
