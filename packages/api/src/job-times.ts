import { CourierError, estimateRunTimes, timetableOf } from "@courier/core";
import type {
  CanonicalJob,
  MissedOccurrence,
  RunTimesResponse,
  SchemaTypes,
} from "@courier/schema";
import {
  findJob,
  listMissedOccurrences,
  listPastDueJobs,
  type JobRow,
  type MissedOccurrences,
} from "@courier/store";
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { readExceptionWindows } from "./exception-windows.ts";
import { jobItem } from "./job-json.ts";
import { runTimesDefault } from "./limits.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { rfc3339 } from "./rfc3339.ts";
import { routeOptions } from "./route-schema.ts";

interface OneJob {
  readonly Params: { readonly jobId: string };
}

const prefix = "/courier/scheduler-api/v1/jobs";

/** When jobs will run, and when they should have. */
export function addJobTimeRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<OneJob & { Querystring: SchemaTypes["run-times-query"] }>(
    `${prefix}/:jobId/estimate-run-times`,
    estimateRoute,
    async (request) => {
      const count = request.query.count ?? runTimesDefault;
      return estimate(context, await jobOf(context, request.params.jobId), count);
    },
  );
  app.get<{ Querystring: SchemaTypes["past-due-query"] }>(
    `${prefix}/past-due`,
    pastDueRoute,
    async (request) => {
      const page = pageRequestOf(request.query);
      const deadline = deadlineOf(request.query.deadline) ?? context.clock.now();
      const { items, total } = await listPastDueJobs(context.db, { ...page, deadline });
      return pageOf(items.map(jobItem), total, { request: page, url: request.url });
    },
  );
  app.get<OneJob & { Querystring: SchemaTypes["page-query"] }>(
    `${prefix}/:jobId/missed-occurrences`,
    missedRoute,
    async (request) => {
      const { id: jobId } = await jobOf(context, request.params.jobId);
      const page = pageRequestOf(request.query);
      const { items, total } = await listMissedOccurrences(context.db, { ...page, jobId });
      return pageOf(items.map(missedItem), total, { request: page, url: request.url });
    },
  );
}

function deadlineOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new CourierError("REQUEST_INVALID", `deadline: there is no time ${JSON.stringify(text)}`);
}

async function jobOf(context: ApiContext, id: string): Promise<JobRow> {
  return found(await findJob(context.db, id), { code: "JOB_NOT_FOUND", what: "job", id });
}

async function estimate(
  context: ApiContext,
  row: JobRow,
  count: number,
): Promise<RunTimesResponse> {
  const remark = remarks[row.status];
  const isOver =
    row.status === "canceled" || (row.status === "completed" && row.scheduleRule === "immediate");
  if (isOver) return { blocked_by_exceptions: [], estimates: [], notes: remark };
  const { windows } = await readExceptionWindows(context.db);
  // The column holds what canonicalJson wrote, and nothing else writes it.
  const template = JSON.parse(row.template) as CanonicalJob;
  const timetable = timetableOf(template, row.anchoredAt, windows);
  const { times, blocked, notes } = estimateRunTimes(timetable, {
    after: context.clock.now() - 1,
    count,
  });
  return {
    blocked_by_exceptions: blocked.map(({ at, label, windowEndsAt }) => ({
      reason: `${label} until ${rfc3339(windowEndsAt)}`,
      time: rfc3339(at),
    })),
    estimates: times.map(rfc3339),
    notes: [...remark, ...notes],
  };
}

const remarks: Readonly<Record<JobRow["status"], string[]>> = {
  active: [],
  inactive: ["the job is inactive: it does not run before it is activated"],
  completed: ["the job is completed: it does not run again by itself"],
  canceled: ["the job is canceled: it does not run again by itself"],
};

function missedItem(row: MissedOccurrences): MissedOccurrence {
  return {
    cause: row.cause,
    count: row.count,
    firstTime: rfc3339(row.firstAt),
    jobId: row.jobId,
    lastTime: rfc3339(row.lastAt),
    reason: row.reason,
    recordedAt: rfc3339(row.recordedAt),
  };
}

const read = { tag: "jobs", permission: "jobs:read" } as const;
const params = { jobId: "Id of the job." };

const estimateRoute = routeOptions({
  ...read,
  operationId: "estimateRunTimes",
  summary: "The next times at which a job runs",
  description:
    "With those that an exception blocks on the way, and a note where a change of the clocks moves one.",
  params,
  query: "run-times-query",
  answers: { 200: { schema: "run-times-response", description: "The times." } },
  errors: ["JOB_NOT_FOUND"],
});

const pastDueRoute = routeOptions({
  ...read,
  operationId: "listPastDueJobs",
  summary: "Jobs that were due and have not started, longest due first",
  description:
    "Because the service was down or is behind, because an exception holds them back, or because an instance under way does.",
  query: "past-due-query",
  answers: { 200: { schema: "job-list", description: "A page of jobs." } },
});

const missedRoute = routeOptions({
  ...read,
  operationId: "listMissedOccurrences",
  summary: "Occurrences of a job that came and were not executed, newest first",
  description: "The newest 1,000 records of a job are kept, for 90 days.",
  params,
  query: "page-query",
  answers: { 200: { schema: "missed-occurrence-list", description: "A page of records." } },
  errors: ["JOB_NOT_FOUND"],
});
