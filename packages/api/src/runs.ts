import { Readable } from "node:stream";
import { CourierError } from "@courier/core";
import { instanceTopic, runTopic } from "@courier/protocol";
import type { ActionSpec, SchemaTypes } from "@courier/schema";
import { findInstance, findRun, listEvidence, listSteps, type FoundRun } from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf } from "./audit.ts";
import { found } from "./not-found.ts";
import { runPageSizeDefault } from "./limits.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { rerunAnswers, rerunErrors, rerunHeaders, retryRun } from "./rerun.ts";
import { routeOptions } from "./route-schema.ts";
import { runDetail, stepItem } from "./run-json.ts";
import { followedOutput, storedOutput } from "./run-output.ts";
import { sendStream } from "./send-stream.ts";

const prefix = "/courier/state-api/v1/runs/:runId";
const params = { runId: "Id of the run." };

type OutputQuery = SchemaTypes["output-query"];
type RetryRequest = SchemaTypes["retry-request"];
type PageQuery = SchemaTypes["page-query"];

interface OneRun {
  readonly Params: { readonly runId: string };
}

/** Runs: one node's part in an instance, its steps and their output. */
export function addRunRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<OneRun>(prefix, getRoute, async (request) => ({
    item: runDetail(await findOrThrow(context, request.params.runId)),
  }));
  app.get<OneRun & { Querystring: PageQuery }>(`${prefix}/steps`, stepsRoute, async (request) =>
    listStepsPage(context, request),
  );
  app.post<OneRun>(`${prefix}/cancel`, cancelRoute, async (request, reply) =>
    cancel(context, request, reply),
  );
  app.post<OneRun & { Body: RetryRequest }>(`${prefix}/retry`, retryRoute, async (request, reply) =>
    retryRun(context, request, reply),
  );
  app.get<OneRun & { Querystring: OutputQuery }>(
    `${prefix}/output`,
    { ...outputRoute, exposeHeadRoute: false },
    async (request, reply) => sendOutput(context, request, reply),
  );
}

async function listStepsPage(
  context: ApiContext,
  request: FastifyRequest<OneRun & { Querystring: PageQuery }>,
): Promise<object> {
  const { runId } = request.params;
  const page = pageRequestOf(request.query, runPageSizeDefault);
  const run = await findOrThrow(context, runId);
  // A run has as many steps as its template, which its body limit bounds: no need for the store to page.
  const recorded = new Map(
    (await listSteps(context.db, runId)).map((step) => [step.stepNumber, step]),
  );
  const names = await stepNames(context, run.instanceId);
  const hasArtifacts = [...recorded.values()].some((step) => step.artifacts !== undefined);
  const stored = hasArtifacts ? await listEvidence(context.db, { runId }) : [];
  const now = context.clock.now();
  const steps = names.map((name, index) =>
    stepItem(run, { stepNumber: index + 1, name, recorded: recorded.get(index + 1), stored, now }),
  );
  const start = (page.page - 1) * page.size;
  return pageOf(steps.slice(start, start + page.size), names.length, {
    request: page,
    url: request.url,
  });
}

async function stepNames(context: ApiContext, instanceId: string): Promise<string[]> {
  const instance = await findInstance(context.db, instanceId);
  // Written from a validated canonical template when the instance was created.
  const spec = JSON.parse(instance?.actionSpec ?? '{"steps":[]}') as ActionSpec;
  return spec.steps.map(({ name }) => name);
}

async function cancel(
  context: ApiContext,
  request: FastifyRequest<OneRun>,
  reply: FastifyReply,
): Promise<object> {
  const { runId } = request.params;
  const answer = await context.jobControl.cancelRun(runId, askerOf(request));
  if (answer === "not-found") found(undefined, missingRun(runId));
  if (answer === "ended") {
    throw new CourierError(
      "RUN_ENDED",
      `run "${runId}" has ended; there is nothing left to cancel`,
    );
  }
  reply.code(202);
  return { item: { id: runId, status: "cancelling" } };
}

async function sendOutput(
  context: ApiContext,
  request: FastifyRequest<OneRun & { Querystring: OutputQuery }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const run = await findOrThrow(context, request.params.runId);
  const { follow, stepNumber } = request.query;
  const wanted = { runId: run.id, ...(stepNumber === undefined ? {} : { stepNumber }) };
  // The instance's topic tells of the run's end, the run's own of its output.
  const topics = follow === true ? [runTopic(run.id), instanceTopic(run.instanceId)] : [];
  const live = context.streams.open(topics);
  const lines =
    follow === true ? followedOutput(context.db, live, wanted) : storedOutput(context.db, wanted);
  return sendStream(reply, {
    mediaType: "application/x-ndjson",
    live,
    content: Readable.from(lines),
  });
}

async function findOrThrow(context: ApiContext, runId: string): Promise<FoundRun> {
  return found(await findRun(context.db, runId), missingRun(runId));
}

function missingRun(id: string): {
  readonly code: "RUN_NOT_FOUND";
  readonly what: string;
  readonly id: string;
} {
  return { code: "RUN_NOT_FOUND", what: "run", id };
}

const getRoute = routeOptions({
  operationId: "getRun",
  summary: "One run",
  tag: "runs",
  permission: "state:read",
  params,
  answers: { 200: { schema: "run-response", description: "The run." } },
  errors: ["RUN_NOT_FOUND"],
});

const stepsRoute = routeOptions({
  operationId: "listSteps",
  summary: "The steps of a run, in order",
  tag: "runs",
  permission: "state:read",
  params,
  query: "page-query",
  answers: { 200: { schema: "step-list", description: "A page of steps." } },
  errors: ["RUN_NOT_FOUND"],
});

const cancelRoute = routeOptions({
  operationId: "cancelRun",
  summary: "Stop a run",
  tag: "runs",
  permission: "state:write",
  isChange: true,
  params,
  answers: { 202: { schema: "cancel-response", description: "The cancel is under way." } },
  errors: ["RUN_NOT_FOUND", "RUN_ENDED"],
});

const retryRoute = routeOptions({
  operationId: "retryRun",
  summary: "Execute a run that has ended again",
  description:
    "A new instance of the same job, with the origin's frozen template, on this run's node alone. The run itself does not change.",
  tag: "runs",
  permission: "jobs:write",
  isChange: true,
  params,
  headers: rerunHeaders,
  body: "retry-request",
  answers: rerunAnswers,
  errors: ["RUN_NOT_FOUND", "RUN_NOT_ENDED", ...rerunErrors],
});

const outputRoute = routeOptions({
  operationId: "getRunOutput",
  summary: "What the steps of a run wrote",
  description:
    "One JSON document per line and chunk (schema output-chunk), in order of arrival; an empty line keeps the connection alive.",
  tag: "runs",
  permission: "state:read",
  params,
  query: "output-query",
  answers: { 200: { mediaType: "application/x-ndjson", description: "The output." } },
  errors: ["RUN_NOT_FOUND"],
});
