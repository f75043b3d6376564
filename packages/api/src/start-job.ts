import { CourierError } from "@courier/core";
import type { SchemaTypes, StartJobResponse } from "@courier/schema";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf } from "./audit.ts";
import { requireExemption } from "./exempt.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { found } from "./not-found.ts";
import { rfc3339OrNull } from "./rfc3339.ts";
import { routeOptions } from "./route-schema.ts";
import { hashSecret } from "./secrets.ts";

interface Start {
  readonly Params: { readonly jobId: string };
  readonly Body: SchemaTypes["start-job-request"];
}

/** Starting an instance of a job now. */
export function addStartRoute(app: FastifyInstance, context: ApiContext): void {
  app.post<Start>(
    "/courier/scheduler-api/v1/jobs/:jobId/start",
    startRoute,
    async (request, reply) => start(context, request, reply),
  );
}

async function start(
  context: ApiContext,
  request: FastifyRequest<Start>,
  reply: FastifyReply,
): Promise<StartJobResponse> {
  const { jobId } = request.params;
  const ignoresExceptions = request.body.ignoreExceptions ?? false;
  if (ignoresExceptions) requireExemption(request);
  const key = idempotencyKeyOf(request);
  const bodyHash = hashSecret(`start\n${JSON.stringify({ jobId, ignoresExceptions })}`);
  const idempotency = key === undefined ? {} : { idempotency: { key, bodyHash } };
  const order = { jobId, ignoresExceptions, ...idempotency };
  const answer = await context.jobControl.startJob(order, askerOf(request));
  switch (answer.kind) {
    case "accepted":
    case "replayed":
      break;
    case "not-found":
      return found<never>(undefined, { code: "JOB_NOT_FOUND", what: "job", id: jobId });
    case "not-allowed":
      throw new CourierError(
        "JOB_NOT_MANUAL",
        `job "${jobId}" has allowManualExecution false: only its schedule starts it`,
      );
    case "overlaps":
      throw new CourierError("JOB_OVERLAPS", `job "${jobId}" cannot start now: ${answer.reason}`);
    case "key-reused":
      throw new CourierError(
        "IDEMPOTENCY_KEY_REUSED",
        `idempotency key ${JSON.stringify(key)} was used with another request`,
      );
  }
  const { instanceId: id, isStarted: started, notBefore, reason } = answer.start;
  if (answer.kind === "replayed") reply.header("idempotency-replayed", "true");
  reply.code(answer.kind === "replayed" ? 200 : started ? 201 : 202);
  return { item: { id, jobId, notBefore: rfc3339OrNull(notBefore), reason, started } };
}

const startRoute = routeOptions({
  operationId: "startJob",
  summary: "Start an instance of a job now",
  description:
    "Whatever the job's status; its schedule is not touched. A global exception lets it wait for the end of its window, an instance under way does what the job's overlapPolicy says. At most one start of a job waits.",
  tag: "jobs",
  permission: "jobs:write",
  isChange: true,
  params: { jobId: "Id of the job." },
  body: "start-job-request",
  headers: {
    "idempotency-key":
      "A repeated key with the same request gets the same instance, and starts no second one.",
  },
  answers: {
    200: {
      schema: "start-job-response",
      description: "The key was used before; header Idempotency-Replayed is true.",
    },
    201: { schema: "start-job-response", description: "The instance was started." },
    202: { schema: "start-job-response", description: "The instance waits to start." },
  },
  errors: ["JOB_NOT_FOUND", "JOB_NOT_MANUAL", "JOB_OVERLAPS", "IDEMPOTENCY_KEY_REUSED"],
});
