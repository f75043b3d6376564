import { step, type Transition, type TransitionTable } from "./machine.ts";

/** What a group can be (semantics.md section 6). `waiting` means its quorum of online nodes is not met yet. */
export type GroupStatus =
  | "pending"
  | "waiting"
  | "running"
  | "success"
  | "failure"
  | "skipped"
  | "canceled";

/** What can happen to a group. */
export type GroupEvent = "await" | "start" | "succeed" | "fail" | "skip" | "cancel";

/** The group state machine. */
export const groupTransitions: TransitionTable<GroupStatus, GroupEvent> = {
  pending: {
    await: "waiting",
    start: "running",
    succeed: "success",
    fail: "failure",
    skip: "skipped",
    cancel: "canceled",
  },
  // It succeeds without having run when its runs were cancelled one by one and the criteria allow that.
  waiting: { start: "running", succeed: "success", fail: "failure", cancel: "canceled" },
  running: { succeed: "success", fail: "failure", cancel: "canceled" },
  success: {},
  failure: {},
  skipped: {},
  canceled: {},
};

/** Applies one event to a group. */
export function transitionGroup(status: GroupStatus, event: GroupEvent): Transition<GroupStatus> {
  return step(groupTransitions, status, event);
}

/** True when a group will never change again. */
export function isGroupFinal(status: GroupStatus): boolean {
  return status !== "pending" && status !== "waiting" && status !== "running";
}
