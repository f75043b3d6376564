import type { Clock } from "@courier/core";
import { startTimeOf } from "../host/process-table.ts";
import { watchIntervalMs } from "../limits.ts";
import { wait } from "../wait.ts";
import { wrapperKilledReason, type AttemptEnd } from "./launch.ts";
import {
  abandonAttempt,
  readAttemptState,
  type AttemptState,
  type WrapperIdentity,
} from "./run-directory.ts";

/** How many looks a wrapper gets to write its first line after it has created its file. */
const openingLooksMax = 50;

/**
 * Supervises an attempt that another agent process launched, from its run directory alone; resolves when it has ended,
 * or with undefined when `signal` aborts. Nothing is ever executed here.
 */
export async function reattach(options: {
  readonly runDirectory: string;
  /** Boot in which the attempt was launched, by the journal. */
  readonly launchBootId: string;
  readonly currentBootId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<AttemptEnd | undefined> {
  let hasSeenAlive = false;
  for (let look = 1; !options.signal.aborted; look += 1) {
    const state = readAttemptState(options.runDirectory);
    const end = endOf(state);
    if (end !== undefined) return end;
    if (options.launchBootId !== options.currentBootId) return rebooted();
    if (state.kind === "absent") {
      // From here on no wrapper can begin in this directory: that is the proof that nothing was executed.
      if (abandonAttempt(options.runDirectory)) return { kind: "abandoned" };
    } else if (state.kind === "running") {
      if (!(await isAlive(state.wrapper))) return afterDeath(options.runDirectory, hasSeenAlive);
      hasSeenAlive = true;
    } else if (look > openingLooksMax) {
      return { kind: "unknown", reason: "the step's wrapper died while it began" };
    }
    await wait(options.clock, watchIntervalMs, options.signal);
  }
  return undefined;
}

function endOf(state: AttemptState): AttemptEnd | undefined {
  if (state.kind === "abandoned") return { kind: "abandoned" };
  if (state.kind !== "exited") return undefined;
  return { kind: "exited", exitCode: state.exitCode, timedOut: state.timedOut };
}

function rebooted(): AttemptEnd {
  return {
    kind: "unknown",
    reason: "the node rebooted while the step ran; whether it finished cannot be known",
  };
}

/** It may have written its exit code between our reading and its death. */
function afterDeath(runDirectory: string, hasSeenAlive: boolean): AttemptEnd {
  const end = endOf(readAttemptState(runDirectory));
  if (end !== undefined) return end;
  if (hasSeenAlive) return { kind: "wrapperKilled", reason: wrapperKilledReason(null) };
  return {
    kind: "unknown",
    reason:
      "the step's wrapper process vanished while the agent was away and left no exit code; whether the step finished cannot be known",
  };
}

async function isAlive(wrapper: WrapperIdentity): Promise<boolean> {
  return (await startTimeOf(wrapper.pid)) === wrapper.startTime;
}
