import { step, type Transition, type TransitionTable } from "./machine.ts";

/** What a job can be (semantics.md section 6). */
export type JobStatus = "active" | "inactive" | "completed" | "canceled";

/** What can happen to a job. `complete`: its schedule has no occurrence left. `reschedule`: it was given another schedule. */
export type JobEvent = "deactivate" | "activate" | "complete" | "reschedule" | "cancel";

/** The job state machine. Only an active job fires by itself; a completed one does again with another schedule, a canceled one never. */
export const jobTransitions: TransitionTable<JobStatus, JobEvent> = {
  active: { deactivate: "inactive", complete: "completed", cancel: "canceled" },
  inactive: { activate: "active", cancel: "canceled" },
  completed: { reschedule: "active" },
  canceled: {},
};

/** Applies one event to a job. */
export function transitionJob(status: JobStatus, event: JobEvent): Transition<JobStatus> {
  return step(jobTransitions, status, event);
}
