import { CourierError, runOutcomes, type ErrorCode, type RunOutcome } from "@courier/core";
import type { RerunSelection } from "@courier/protocol";
import type { RerunResponse, SchemaTypes } from "@courier/schema";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf } from "./audit.ts";
import { requireExemption } from "./exempt.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { found } from "./not-found.ts";
import { rfc3339 } from "./rfc3339.ts";
import type { RouteDescription } from "./route-schema.ts";
import { hashSecret } from "./secrets.ts";

/** Outcomes that a rerun without a choice executes again. */
const unsuccessful: readonly RunOutcome[] = runOutcomes.filter((outcome) => outcome !== "success");

/** Executes runs of an ended instance again, by outcome. */
export async function rerunInstance(
  context: ApiContext,
  request: FastifyRequest<{
    Params: { readonly instanceId: string };
    Body: SchemaTypes["rerun-request"];
  }>,
  reply: FastifyReply,
): Promise<RerunResponse> {
  const { instanceId } = request.params;
  const outcomes = request.body.status ?? unsuccessful;
  return rerun(context, { request, reply, ...request.body, selection: { instanceId, outcomes } });
}

/** Executes one run again, as a new instance with this node alone. */
export async function retryRun(
  context: ApiContext,
  request: FastifyRequest<{
    Params: { readonly runId: string };
    Body: SchemaTypes["retry-request"];
  }>,
  reply: FastifyReply,
): Promise<RerunResponse> {
  const selection = { runId: request.params.runId };
  return rerun(context, { request, reply, ...request.body, selection });
}

async function rerun(
  context: ApiContext,
  asked: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly selection: RerunSelection;
    readonly fromStep?: number | string;
    readonly ignoreExceptions?: boolean;
  },
): Promise<RerunResponse> {
  const {
    request,
    reply,
    selection,
    fromStep,
    ignoreExceptions: ignoresExceptions = false,
  } = asked;
  if (ignoresExceptions) requireExemption(request);
  const key = idempotencyKeyOf(request);
  const bodyHash = hashSecret(`rerun\n${JSON.stringify({ selection, fromStep })}`);
  const order = {
    ...{ selection, ignoresExceptions },
    ...(fromStep === undefined ? {} : { fromStep }),
    ...(key === undefined ? {} : { idempotency: { key, bodyHash } }),
  };
  const answer = await context.jobControl.rerun(order, askerOf(request));
  switch (answer.kind) {
    case "created":
    case "replayed":
      break;
    case "not-found":
      return found<never>(undefined, missing(selection));
    case "not-ended":
      throw notEnded(selection);
    case "no-step":
      throw new CourierError("REQUEST_INVALID", `fromStep: ${answer.reason}`);
    case "frozen": {
      const until = answer.until === null ? "" : ` until ${rfc3339(answer.until)}`;
      throw new CourierError(
        "EXCEPTION_ACTIVE",
        `nothing is executed again now: ${answer.label} forbids it${until}`,
      );
    }
    case "nothing":
      throw nothing(selection, answer.archivedCount);
    case "key-reused":
      throw new CourierError(
        "IDEMPOTENCY_KEY_REUSED",
        `idempotency key ${JSON.stringify(key)} was used with another request`,
      );
  }
  if (answer.kind === "replayed") reply.header("idempotency-replayed", "true");
  reply.code(answer.kind === "replayed" ? 200 : 201);
  const { instanceId, ...rest } = answer.rerun;
  return { item: { id: instanceId, ...rest } };
}

function missing(selection: RerunSelection): Parameters<typeof found>[1] {
  return "runId" in selection
    ? { code: "RUN_NOT_FOUND", what: "run", id: selection.runId }
    : { code: "INSTANCE_NOT_FOUND", what: "instance", id: selection.instanceId };
}

function notEnded(selection: RerunSelection): CourierError {
  return "runId" in selection
    ? new CourierError("RUN_NOT_ENDED", `run "${selection.runId}" has not ended yet`)
    : new CourierError(
        "INSTANCE_NOT_ENDED",
        `instance "${selection.instanceId}" has not ended yet; only what has ended can be executed again`,
      );
}

function nothing(selection: RerunSelection, archivedCount: number): CourierError {
  const what =
    "runId" in selection
      ? `run "${selection.runId}"`
      : `no run of instance "${selection.instanceId}" that ended ${selection.outcomes.join(", ")}`;
  if (archivedCount > 0 && "runId" in selection) {
    return new CourierError("NOTHING_TO_RERUN", `${what} belongs to a node that is archived`);
  }
  const archived = archivedCount > 0 ? ` on a node that is not archived` : "";
  return new CourierError("NOTHING_TO_RERUN", `there is ${what}${archived}`);
}

/** Errors that both routes can answer with. */
export const rerunErrors: readonly ErrorCode[] = [
  "NOTHING_TO_RERUN",
  "EXCEPTION_ACTIVE",
  "IDEMPOTENCY_KEY_REUSED",
  "REQUEST_INVALID",
];

/** Headers of both routes. */
export const rerunHeaders: NonNullable<RouteDescription["headers"]> = {
  "idempotency-key":
    "A repeated key with the same request gets the first answer, and no second instance.",
};

/** Successful answers of both routes. */
export const rerunAnswers: RouteDescription["answers"] = {
  200: {
    schema: "rerun-response",
    description: "The key was used before; header Idempotency-Replayed is true.",
  },
  201: { schema: "rerun-response", description: "The new instance." },
};
