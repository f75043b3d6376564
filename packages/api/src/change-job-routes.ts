import type { ErrorCode } from "@courier/core";
import { routeOptions, type RouteDescription, type RouteOptions } from "./route-schema.ts";

const ifMatch = {
  "if-match": "The ETag of the job that the change is meant for; another one is refused.",
};

type Described = Pick<RouteDescription, "operationId" | "summary" | "query" | "answers"> & {
  readonly description: string;
  readonly errors?: readonly ErrorCode[];
};

function changing(route: Described): RouteOptions {
  return routeOptions({
    ...route,
    tag: "jobs",
    permission: "jobs:write",
    isChange: true,
    params: { jobId: "Id of the job." },
    headers: ifMatch,
    errors: ["JOB_NOT_FOUND", "JOB_CHANGED", ...(route.errors ?? [])],
  });
}

const job = { 200: { schema: "job-response", description: "The job as it is now." } } as const;

/** What each route that changes a job's place in time is. */
export const changeJobRoutes: Readonly<
  Record<"activate" | "deactivate" | "cancel" | "delete", RouteOptions>
> = {
  activate: changing({
    operationId: "activateJob",
    summary: "Let an inactive job go on",
    description:
      "It runs at its occurrences from now on; what came meanwhile is not made up. Activating an active job changes nothing.",
    answers: job,
    errors: ["JOB_STATE_CONFLICT"],
  }),
  deactivate: changing({
    operationId: "deactivateJob",
    summary: "Let a job start nothing more until it is activated",
    description: "Instances under way go on. Deactivating an inactive job changes nothing.",
    answers: job,
    errors: ["JOB_STATE_CONFLICT"],
  }),
  cancel: changing({
    operationId: "cancelJob",
    summary: "Stop the future instances of a job for ever",
    description:
      "What waits to start never does. Instances under way go on unless `instances` is true. A job without future instances stays as it is.",
    query: "cancel-job-query",
    answers: { 200: { schema: "cancel-job-response", description: "What was canceled." } },
  }),
  delete: changing({
    operationId: "deleteJob",
    summary: "Delete a job",
    description:
      "Its name is free at once. Instances under way go on, and all of its instances stay until they have been kept long enough.",
    answers: { 200: { schema: "delete-job-response", description: "The job was deleted." } },
  }),
};
