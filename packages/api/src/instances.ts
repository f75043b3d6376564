import { Readable } from "node:stream";
import type { SchemaTypes } from "@courier/schema";
import {
  findInstance,
  findNodeNames,
  listGroups,
  listInstances,
  listRuns,
  type InstanceRow,
} from "@courier/store";
import { CourierError } from "@courier/core";
import { instanceTopic } from "@courier/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf } from "./audit.ts";
import { LiveExplanation } from "./explanation/live-explanation.ts";
import { RunChanges } from "./run-changes.ts";
import { instanceEvents } from "./instance-events.ts";
import { instanceDetail, instanceItem, instanceSpecs } from "./instance-json.ts";
import { readParts } from "./instance-parts.ts";
import { instantOf } from "./instant-query.ts";
import { found } from "./not-found.ts";
import { runPageSizeDefault } from "./limits.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { rerunInstance, rerunAnswers, rerunErrors, rerunHeaders } from "./rerun.ts";
import { routeOptions } from "./route-schema.ts";
import { runItem } from "./run-json.ts";
import { sendStream } from "./send-stream.ts";
import { refuseWaiting } from "./waiting-instance.ts";

const prefix = "/courier/state-api/v1/instances";
const params = { instanceId: "Id of the instance." };

type InstanceListQuery = SchemaTypes["instance-list-query"];
type EventsQuery = SchemaTypes["instance-events-query"];
type RerunRequest = SchemaTypes["rerun-request"];
type RunListQuery = SchemaTypes["run-list-query"];

interface OneInstance {
  readonly Params: { readonly instanceId: string };
}

/** Instances: what each execution of a job did, stopping one, and executing runs again. */
export function addInstanceRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Querystring: InstanceListQuery }>(prefix, listRoute, async (request) =>
    listPage(context, request),
  );
  app.get<OneInstance>(`${prefix}/:instanceId`, getRoute, async (request) => {
    const row = await findOrThrow(context, request.params.instanceId);
    return { item: instanceDetail(row, instanceSpecs(row), await readParts(context.db, row.id)) };
  });
  app.get<OneInstance & { Querystring: RunListQuery }>(
    `${prefix}/:instanceId/runs`,
    runsRoute,
    async (request) => listRunsPage(context, request),
  );
  app.post<OneInstance>(`${prefix}/:instanceId/cancel`, cancelRoute, async (request, reply) =>
    cancel(context, request, reply),
  );
  app.post<OneInstance & { Body: RerunRequest }>(
    `${prefix}/:instanceId/rerun`,
    rerunRoute,
    async (request, reply) => rerunInstance(context, request, reply),
  );
  app.get<OneInstance & { Querystring: EventsQuery }>(
    `${prefix}/:instanceId/events`,
    { ...eventsRoute, exposeHeadRoute: false },
    async (request, reply) => follow(context, request, reply),
  );
}

async function listPage(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: InstanceListQuery }>,
): Promise<object> {
  const { jobId, status } = request.query;
  const createdAfter = instantOf("runAfter", request.query.runAfter);
  const createdBefore = instantOf("runBefore", request.query.runBefore);
  const page = pageRequestOf(request.query);
  const { items, total } = await listInstances(context.db, {
    ...page,
    ...(jobId === undefined ? {} : { jobId }),
    ...(status === undefined ? {} : { status: status }),
    ...(createdAfter === undefined ? {} : { createdAfter }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
  });
  const shown = items.map((row) => instanceItem(row, instanceSpecs(row)));
  return pageOf(shown, total, { request: page, url: request.url });
}

async function listRunsPage(
  context: ApiContext,
  request: FastifyRequest<OneInstance & { Querystring: RunListQuery }>,
): Promise<object> {
  const { instanceId } = await findKey(context, request.params.instanceId);
  const { status, groupNumber, nodeId } = request.query;
  const updatedAfter = instantOf("runAfter", request.query.runAfter);
  const updatedBefore = instantOf("runBefore", request.query.runBefore);
  const page = pageRequestOf(request.query, runPageSizeDefault);
  const { items, total } = await listRuns(context.db, {
    ...page,
    instanceId,
    ...(status === undefined ? {} : { status: status }),
    ...(groupNumber === undefined ? {} : { groupNumber }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(updatedAfter === undefined ? {} : { updatedAfter }),
    ...(updatedBefore === undefined ? {} : { updatedBefore }),
  });
  const names = await findNodeNames(
    context.db,
    items.map((run) => run.nodeId),
  );
  const shown = items.map((run) => runItem(run, names.get(run.nodeId)));
  return pageOf(shown, total, { request: page, url: request.url });
}

async function cancel(
  context: ApiContext,
  request: FastifyRequest<OneInstance>,
  reply: FastifyReply,
): Promise<object> {
  const { instanceId } = request.params;
  const answer = await context.jobControl.cancelInstance(instanceId, askerOf(request));
  if (answer === "not-found") found(undefined, missingInstance(instanceId));
  reply.code(202);
  if (answer === "withdrawn") return { item: { id: instanceId, status: "canceled" } };
  if (answer === "ended") {
    throw new CourierError(
      "INSTANCE_ENDED",
      `instance "${instanceId}" has ended; there is nothing left to cancel`,
    );
  }
  return { item: { id: instanceId, status: "cancelling" } };
}

async function follow(
  context: ApiContext,
  request: FastifyRequest<OneInstance & { Querystring: EventsQuery }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const first = await findOrThrow(context, request.params.instanceId);
  const runs = request.query.runs === true ? new RunChanges() : undefined;
  const explanation =
    request.query.explanation === true ? new LiveExplanation(context, first.id) : undefined;
  const live = context.streams.open([instanceTopic(first.id)], (message) => runs?.note(message));
  const { db, clock } = context;
  const events = instanceEvents({ db, clock, live, first, runs, explanation });
  return sendStream(reply, {
    mediaType: "text/event-stream",
    live,
    content: Readable.from(events),
  });
}

async function findOrThrow(context: ApiContext, instanceId: string): Promise<InstanceRow> {
  const { db } = context;
  const row = await findInstance(db, instanceId);
  if (row !== undefined) return row;
  await refuseWaiting(db, instanceId);
  // It may have started between the two looks.
  return found(await findInstance(db, instanceId), missingInstance(instanceId));
}

async function findKey(context: ApiContext, id: string): Promise<{ instanceId: string }> {
  const groups = await listGroups(context.db, id);
  if (groups.length === 0) await findOrThrow(context, id);
  return { instanceId: id };
}

function missingInstance(id: string): {
  readonly code: "INSTANCE_NOT_FOUND";
  readonly what: string;
  readonly id: string;
} {
  return { code: "INSTANCE_NOT_FOUND", what: "instance", id };
}

const listRoute = routeOptions({
  operationId: "listInstances",
  summary: "Instances, newest first",
  tag: "instances",
  permission: "state:read",
  query: "instance-list-query",
  answers: { 200: { schema: "instance-list", description: "A page of instances." } },
});

const getRoute = routeOptions({
  operationId: "getInstance",
  summary: "One instance with its groups",
  tag: "instances",
  permission: "state:read",
  params,
  answers: { 200: { schema: "instance-response", description: "The instance." } },
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_STARTED"],
});

const runsRoute = routeOptions({
  operationId: "listInstanceRuns",
  summary: "The runs of an instance, one per target node, in the order of the target",
  tag: "instances",
  permission: "state:read",
  params,
  query: "run-list-query",
  answers: { 200: { schema: "run-list", description: "A page of runs." } },
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_STARTED"],
});

const cancelRoute = routeOptions({
  operationId: "cancelInstance",
  summary: "Stop an instance",
  description:
    "Runs that have not started end at once; running ones are stopped on their nodes and confirmed. An instance that waits to start never does (`canceled`).",
  tag: "instances",
  permission: "state:write",
  isChange: true,
  params,
  answers: { 202: { schema: "cancel-response", description: "The cancel is under way." } },
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_ENDED"],
});

const rerunRoute = routeOptions({
  operationId: "rerunInstance",
  summary: "Execute runs of an ended instance again",
  description:
    "A new instance of the same job, with the origin's frozen template and groups, on the nodes whose runs ended in the named outcomes. The origin does not change.",
  tag: "instances",
  permission: "jobs:write",
  isChange: true,
  params,
  headers: rerunHeaders,
  body: "rerun-request",
  answers: rerunAnswers,
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_ENDED", ...rerunErrors],
});

const eventsRoute = routeOptions({
  operationId: "followInstance",
  summary: "Follow an instance until it has ended",
  description:
    "Server-sent events named `instance`; data is the item of get-instance: at once, then after changes. Comments keep the connection alive. With `runs=true` also `runs`: those that have another status, as items of get-run, all that have begun at once and before the `instance` that they led to; one may be told twice, none is left out. With `explanation=true` also `explanation`: the item of explain, when it says something new.",
  tag: "instances",
  permission: "state:read",
  params,
  query: "instance-events-query",
  answers: { 200: { mediaType: "text/event-stream", description: "The events." } },
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_STARTED"],
});
