import { CourierError, nextExecution, timetableOf, transitionJob } from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type {
  CancelJobResponse,
  CanonicalJob,
  DeleteJobResponse,
  SchemaTypes,
} from "@courier/schema";
import {
  changeJob,
  deleteJob,
  deleteWaitingStart,
  findJob,
  findWaitingStart,
  listOpenInstanceIdsOfJob,
  lockJob,
  type Db,
  type JobChange,
  type JobRow,
} from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf, recordChange } from "./audit.ts";
import { changeJobRoutes } from "./change-job-routes.ts";
import { readExceptionWindows } from "./exception-windows.ts";
import { jobItem } from "./job-json.ts";
import { requireVersion, tagVersion } from "./job-version.ts";
import { found } from "./not-found.ts";
import { principalOf } from "./request-context.ts";

interface OneJob {
  readonly Params: { readonly jobId: string };
}

const path = "/courier/scheduler-api/v1/jobs/:jobId";

/** Letting a job wait, go on, end, and go away. */
export function addJobChangeRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post<OneJob>(`${path}/activate`, changeJobRoutes.activate, async (request, reply) =>
    move(context, { request, reply, event: "activate" }),
  );
  app.post<OneJob>(`${path}/deactivate`, changeJobRoutes.deactivate, async (request, reply) =>
    move(context, { request, reply, event: "deactivate" }),
  );
  app.post<OneJob & { Querystring: SchemaTypes["cancel-job-query"] }>(
    `${path}/cancel`,
    changeJobRoutes.cancel,
    async (request) => cancel(context, request),
  );
  app.delete<OneJob>(path, changeJobRoutes.delete, async (request) => remove(context, request));
}

/** Activating what is active, and deactivating what is inactive, changes nothing. */
async function move(
  context: ApiContext,
  asked: {
    readonly request: FastifyRequest<OneJob>;
    readonly reply: FastifyReply;
    readonly event: "activate" | "deactivate";
  },
): Promise<object> {
  const { request, reply, event } = asked;
  const { jobId: id } = request.params;
  const changed = await context.db.transaction(async (tx) => {
    const row = await lock(tx, request);
    const target = event === "activate" ? "active" : "inactive";
    if (row.status === target) return row;
    const next = transitionJob(row.status, event);
    if (!next.ok) throw stateConflict(row, event);
    const now = context.clock.now();
    const set = event === "activate" ? await resumed(tx, row, now) : await stopped(tx, row);
    const updatedBy = principalOf(request).tokenId;
    await changeJob(tx, { id, set: { ...set, status: next.state, updatedBy }, now });
    await recordChange(tx, { context, request }, { action: `job.${event}`, object: id });
    return required(await findJob(tx, id), id);
  });
  context.bus.publish(workTopic, { kind: "job", jobId: id } satisfies WorkMessage);
  tagVersion(reply, changed);
  return { item: jobItem(changed) };
}

/** Its occurrences from now on; what came while it was inactive is not made up. */
async function resumed(tx: Db, row: JobRow, now: number): Promise<JobChange> {
  const { version, windows } = await readExceptionWindows(tx);
  // The column holds what canonicalJson wrote, and nothing else writes it.
  const template = JSON.parse(row.template) as CanonicalJob;
  const next = nextExecution(timetableOf(template, row.anchoredAt, windows), now - 1);
  if (next.nextAt === null && next.reviewAt === null) {
    const message = `job "${row.id}" has no occurrence left; give it another scheduleRule with update-job, or start it with create-manual-job`;
    throw new CourierError("JOB_STATE_CONFLICT", message);
  }
  return {
    nextExecutionAt: next.nextAt,
    reviewAt: next.reviewAt,
    blocked: JSON.stringify(next.blocked),
    exceptionsVersion: version,
  };
}

/** What its schedule has started stays; what its schedule lets wait does not. */
async function stopped(tx: Db, row: JobRow): Promise<JobChange> {
  const waiting = await findWaitingStart(tx, { jobId: row.id });
  if (waiting?.askedBy === "") await deleteWaitingStart(tx, row.id);
  return noFuture;
}

const noFuture = { nextExecutionAt: null, queuedAt: null, reviewAt: null, blocked: "[]" } as const;

async function cancel(
  context: ApiContext,
  request: FastifyRequest<OneJob & { Querystring: SchemaTypes["cancel-job-query"] }>,
): Promise<CancelJobResponse> {
  const { jobId: id } = request.params;
  const { status, open } = await context.db.transaction(async (tx) => {
    const row = await lock(tx, request);
    const next = transitionJob(row.status, "cancel");
    const now = context.clock.now();
    await deleteWaitingStart(tx, id);
    const state = next.ok ? next.state : row.status;
    const updatedBy = principalOf(request).tokenId;
    if (next.ok || row.queuedAt !== null) {
      await changeJob(tx, { id, set: { ...noFuture, status: state, updatedBy }, now });
    }
    const detail = { instances: request.query.instances ?? false };
    await recordChange(tx, { context, request }, { action: "job.cancel", object: id, detail });
    return { status: state, open: await listOpenInstanceIdsOfJob(tx, id) };
  });
  const canceledInstanceIds: string[] = [];
  for (const instanceId of request.query.instances === true ? open : []) {
    const answer = await context.jobControl.cancelInstance(instanceId, askerOf(request));
    if (answer === "cancelling") canceledInstanceIds.push(instanceId);
  }
  const openInstanceIds = request.query.instances === true ? [] : open;
  return { item: { canceledInstanceIds, id, openInstanceIds, status } };
}

async function remove(
  context: ApiContext,
  request: FastifyRequest<OneJob>,
): Promise<DeleteJobResponse> {
  const { jobId: id } = request.params;
  return context.db.transaction(async (tx) => {
    const row = await lock(tx, request);
    const next = transitionJob(row.status, "cancel");
    await deleteWaitingStart(tx, id);
    const status = next.ok ? next.state : row.status;
    await deleteJob(tx, { id, status, now: context.clock.now() });
    const detail = { name: row.name };
    await recordChange(tx, { context, request }, { action: "job.delete", object: id, detail });
    return { item: { id, openInstanceIds: await listOpenInstanceIdsOfJob(tx, id) } };
  });
}

/** The job that a request names, locked; of the version that it expects. */
async function lock(tx: Db, request: FastifyRequest<OneJob>): Promise<JobRow> {
  const { jobId } = request.params;
  const row = required(await lockJob(tx, jobId), jobId);
  requireVersion(request, row);
  return row;
}

function required(row: JobRow | undefined, id: string): JobRow {
  return found(row, { code: "JOB_NOT_FOUND", what: "job", id });
}

function stateConflict(row: JobRow, event: "activate" | "deactivate"): CourierError {
  const remedy =
    row.status === "completed"
      ? "give it another scheduleRule with update-job, or start it with create-manual-job"
      : "add it under another name, or start it with create-manual-job";
  return new CourierError(
    "JOB_STATE_CONFLICT",
    `job "${row.id}" is ${row.status}, which does not accept ${event}; ${remedy}`,
  );
}
