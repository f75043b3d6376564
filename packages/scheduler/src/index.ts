export type { SchedulerOptions, SchedulerStats } from "./scheduler.ts";
export { Scheduler } from "./scheduler.ts";
export { fireDueJobs } from "./fire-due-jobs.ts";
