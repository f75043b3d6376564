import type { CanonicalJob, Job } from "@courier/schema";
import type { JobRow } from "@courier/store";
import { blockedOf, exceptionReasons } from "./exception-windows.ts";
import { noTime, rfc3339 } from "./rfc3339.ts";

/** A stored job as get-job and list-jobs show it. */
export function jobItem(row: JobRow): Job {
  // The column holds what canonicalJson wrote, and nothing else writes it.
  const job = JSON.parse(row.template) as CanonicalJob;
  return {
    actions: job.actions,
    allowManualExecution: job.allowManualExecution ?? true,
    createdAt: rfc3339(row.createdAt),
    description: row.description,
    exceptionReasons: exceptionReasons(blockedOf(row)),
    exceptionRules: job.exceptionRules,
    id: row.id,
    ignoreExceptions: job.ignoreExceptions ?? false,
    lastUpdatedBy: row.updatedBy === "" ? row.createdBy : row.updatedBy,
    misfirePolicy: job.misfirePolicy ?? "runLatest",
    name: row.name,
    nextExecutionTime: row.nextExecutionAt === null ? noTime : rfc3339(row.nextExecutionAt),
    overlapPolicy: job.overlapPolicy ?? "queue",
    scheduleRule: row.scheduleRule,
    status: row.status,
    target: job.target,
    timeZone: job.timeZone ?? "UTC",
    updatedAt: rfc3339(row.updatedAt),
  };
}
