import { step, type Transition, type TransitionTable } from "./machine.ts";

/** What an instance can be (semantics.md section 6). */
export type InstanceStatus =
  | "pending"
  | "running"
  | "cancelling"
  | "success"
  | "failure"
  | "canceled";

/** What can happen to an instance. */
export type InstanceEvent = "start" | "requestCancel" | "succeed" | "fail" | "confirmCancel";

/** The instance state machine. A cancel is confirmed when every run has ended. */
export const instanceTransitions: TransitionTable<InstanceStatus, InstanceEvent> = {
  pending: {
    start: "running",
    requestCancel: "cancelling",
    succeed: "success",
    fail: "failure",
  },
  running: { requestCancel: "cancelling", succeed: "success", fail: "failure" },
  cancelling: { confirmCancel: "canceled" },
  success: {},
  failure: {},
  canceled: {},
};

/** Applies one event to an instance. */
export function transitionInstance(
  status: InstanceStatus,
  event: InstanceEvent,
): Transition<InstanceStatus> {
  return step(instanceTransitions, status, event);
}

/** True when an instance will never change again. */
export function isInstanceFinal(status: InstanceStatus): boolean {
  return status === "success" || status === "failure" || status === "canceled";
}
