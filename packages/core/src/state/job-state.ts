import { step, type Transition, type TransitionTable } from "./machine.ts";

/** What a job can be (semantics.md section 6). */
export type JobStatus = "active" | "inactive" | "completed" | "canceled";

/** What can happen to a job. `complete`: its schedule has no occurrence left. */
export type JobEvent = "deactivate" | "activate" | "complete" | "cancel";

/** The job state machine. Only an active job fires; a job that is completed or canceled never fires again by itself. */
export const jobTransitions: TransitionTable<JobStatus, JobEvent> = {
  active: { deactivate: "inactive", complete: "completed", cancel: "canceled" },
  inactive: { activate: "active", cancel: "canceled" },
  completed: {},
  canceled: {},
};

/** Applies one event to a job. */
export function transitionJob(status: JobStatus, event: JobEvent): Transition<JobStatus> {
  return step(jobTransitions, status, event);
}
