import { step, terminalStates, type Transition, type TransitionTable } from "./machine.ts";

/** What a run can be (semantics.md section 6). */
export type RunStatus =
  | "pending"
  | "dispatched"
  | "running"
  | "success"
  | "failure"
  | "timeout"
  | "canceled"
  | "skipped"
  | "undeliverable"
  | "unknown";

/** A run's final outcomes. */
export type RunOutcome = Exclude<RunStatus, "pending" | "dispatched" | "running">;

/**
 * What can happen to a run. `dispatch` claims it for its node, `start` is the node's first step,
 * `succeed`/`fail` come from the node, the rest are decided by the service.
 */
export type RunEvent =
  | "dispatch"
  | "start"
  | "succeed"
  | "fail"
  | "expire"
  | "cancel"
  | "skip"
  | "bounce"
  | "lose";

/** The run state machine. `bounce`: the node cannot take it (undeliverable). `lose`: its outcome cannot be known. */
export const runTransitions: TransitionTable<RunStatus, RunEvent> = {
  pending: { dispatch: "dispatched", cancel: "canceled", skip: "skipped", bounce: "undeliverable" },
  dispatched: {
    start: "running",
    succeed: "success",
    fail: "failure",
    expire: "timeout",
    cancel: "canceled",
    bounce: "undeliverable",
    lose: "unknown",
  },
  running: {
    succeed: "success",
    fail: "failure",
    expire: "timeout",
    cancel: "canceled",
    lose: "unknown",
  },
  success: {},
  failure: {},
  timeout: {},
  canceled: {},
  skipped: {},
  undeliverable: {},
  unknown: {},
};

/** Applies one event to a run. */
export function transitionRun(status: RunStatus, event: RunEvent): Transition<RunStatus> {
  return step(runTransitions, status, event);
}

/** The final run statuses. */
export const runOutcomes: readonly RunOutcome[] =
  // terminalStates returns table states; those without events are exactly RunOutcome by construction.
  terminalStates(runTransitions) as RunOutcome[];

/** True when a run will never change again. */
export function isRunOutcome(status: RunStatus): status is RunOutcome {
  return status !== "pending" && status !== "dispatched" && status !== "running";
}
