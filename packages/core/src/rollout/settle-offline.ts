import type { OfflinePolicy } from "./group-rules.ts";

/** What to do with runs whose turn has come. */
export interface SettledRuns<Run> {
  readonly dispatch: readonly Run[];
  /** Their nodes are offline, and `offlinePolicy` does not wait for them. */
  readonly refuse: readonly Run[];
  /** How many of the runs, from the first on, this settles. */
  readonly settledCount: number;
  /** Set when an offline node may still be on its way back after a start of the service (Unix ms). */
  readonly waitUntil: number | null;
}

/** What the settling depends on beside the runs. */
export interface OfflineContext {
  readonly policy: OfflinePolicy;
  readonly now: number;
  /** Until then a node that is offline may just not have come back yet (Unix ms). */
  readonly presenceSettledAt: number;
}

/** Splits runs by `offlinePolicy`; `wait` gives every run to its node, online or not (semantics.md section 4). */
export function settleOffline<Run extends { readonly isOnline: boolean }>(
  runs: readonly Run[],
  { policy, now, presenceSettledAt }: OfflineContext,
): SettledRuns<Run> {
  if (policy === "wait") {
    return { dispatch: runs, refuse: [], settledCount: runs.length, waitUntil: null };
  }
  const firstOffline = runs.findIndex((run) => !run.isOnline);
  if (now < presenceSettledAt && firstOffline !== -1) {
    return {
      dispatch: runs.slice(0, firstOffline),
      refuse: [],
      settledCount: firstOffline,
      waitUntil: presenceSettledAt,
    };
  }
  return {
    dispatch: runs.filter((run) => run.isOnline),
    refuse: runs.filter((run) => !run.isOnline),
    settledCount: runs.length,
    waitUntil: null,
  };
}
