import { basename } from "node:path";
import { membersOf, type ProcessTree } from "../host/process-tree.ts";
import { cookieOf, readAttemptState, type AttemptState } from "./run-directory.ts";

/** How to recognise what the launch of a run directory has started, by what its state file says. */
export function attemptTree(runDirectory: string, state: AttemptState): ProcessTree {
  const root = "wrapper" in state ? state.wrapper : undefined;
  const cookie = cookieOf(basename(runDirectory));
  return {
    root,
    isSessionShared: root?.isReady ?? false,
    step: state.kind === "running" ? state.step : undefined,
    cookie: `${cookie.name}=${cookie.value}`,
  };
}

/**
 * Whether a launch is under way. One whose wrapper was killed says so for ever: it is over when nothing of it lives.
 */
export async function isUnderWay(runDirectory: string): Promise<boolean> {
  const state = readAttemptState(runDirectory);
  if (state.kind !== "running") return false;
  return (await membersOf(attemptTree(runDirectory, state))).length > 0;
}
