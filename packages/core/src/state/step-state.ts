import { step, type Transition, type TransitionTable } from "./machine.ts";

/** What a step can be (semantics.md section 6). `active` is a step that is rebooting its node. */
export type StepStatus =
  | "pending"
  | "running"
  | "active"
  | "success"
  | "failure"
  | "timeout"
  | "canceled"
  | "skipped";

/** What can happen to a step. */
export type StepEvent = "start" | "reboot" | "succeed" | "fail" | "expire" | "cancel" | "skip";

/** The step state machine. A step that cannot start at all fails without having run. */
export const stepTransitions: TransitionTable<StepStatus, StepEvent> = {
  pending: { start: "running", fail: "failure", cancel: "canceled", skip: "skipped" },
  running: {
    reboot: "active",
    succeed: "success",
    fail: "failure",
    expire: "timeout",
    cancel: "canceled",
  },
  active: { succeed: "success", fail: "failure", expire: "timeout", cancel: "canceled" },
  success: {},
  failure: {},
  timeout: {},
  canceled: {},
  skipped: {},
};

/** Applies one event to a step. */
export function transitionStep(status: StepStatus, event: StepEvent): Transition<StepStatus> {
  return step(stepTransitions, status, event);
}
