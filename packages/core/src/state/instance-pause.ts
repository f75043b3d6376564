import type { InstanceStatus } from "./instance-state.ts";

/** What can happen to an instance's dispatching. */
export type PauseEvent = "pause" | "resume";

/** Whether an open instance dispatches: null, or since when not (Unix ms). It is beside the status, which says what its runs do. */
export interface PauseState {
  readonly status: InstanceStatus;
  readonly pausedAt: number | null;
}

/** The answer to a pause or a resume. A second pause keeps the time of the first; a resume of what is not paused changes nothing. */
export type PauseTransition =
  | { readonly ok: true; readonly pausedAt: number | null }
  | { readonly ok: false; readonly reason: "ended" | "cancelling" };

/** Applies a pause or a resume: both are accepted while the instance is pending or running. */
export function transitionPause(
  { status, pausedAt }: PauseState,
  event: PauseEvent,
  now: number,
): PauseTransition {
  switch (status) {
    case "pending":
    case "running":
      return { ok: true, pausedAt: event === "resume" ? null : (pausedAt ?? now) };
    case "cancelling":
      return { ok: false, reason: "cancelling" };
    case "success":
    case "failure":
    case "canceled":
      return { ok: false, reason: "ended" };
  }
}
