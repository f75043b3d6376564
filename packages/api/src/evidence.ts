import { CourierError } from "@courier/core";
import { evidencePartBytesMax } from "@courier/protocol";
import type { ActionSpec, SchemaTypes } from "@courier/schema";
import { findInstance, findRun, listEvidence, listSteps, type FoundRun } from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { evidenceArchive } from "./evidence-archive.ts";
import { evidenceFacts } from "./evidence-facts.ts";
import { stepArtifacts } from "./evidence-json.ts";
import { takePart } from "./evidence-upload.ts";
import { InFlightLimit } from "./in-flight-limit.ts";
import { evidenceDownloadsMax, evidenceUploadsMax } from "./limits.ts";
import { requireNodeSignature } from "./node-signature.ts";
import { found } from "./not-found.ts";
import { routeOptions } from "./route-schema.ts";

const path = "/courier/state-api/v1/runs/:runId/steps/:stepNumber/attempts/:attemptNumber/evidence";

interface OneAttempt {
  readonly Params: {
    readonly runId: string;
    readonly stepNumber: string;
    readonly attemptNumber: string;
  };
}

interface Upload extends OneAttempt {
  readonly Querystring: SchemaTypes["evidence-upload-query"];
  readonly Body: Buffer;
}

/** Evidence of attempts: nodes hand artifacts in, people get them with what else is known. */
export function addEvidenceRoutes(app: FastifyInstance, context: ApiContext): void {
  const downloads = new InFlightLimit(evidenceDownloadsMax);
  const uploads = new InFlightLimit(evidenceUploadsMax);
  app.get<OneAttempt>(
    path,
    { ...getRoute, onRequest: downloads.enter, exposeHeadRoute: false },
    async (request, reply) => await sendEvidence(context, request, reply),
  );
  // Only here is a body taken for what it is.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      "application/octet-stream",
      { parseAs: "buffer" },
      async (_: unknown, body: Buffer) => await Promise.resolve(body),
    );
    scope.put<Upload>(
      path,
      { ...putRoute, onRequest: uploads.enter, bodyLimit: evidencePartBytesMax },
      async (request) => await receivePart(context, request),
    );
    await Promise.resolve();
  });
}

async function receivePart(context: ApiContext, request: FastifyRequest<Upload>): Promise<object> {
  const { runId } = request.params;
  const { stepNumber, attempt } = numbersOf(request.params);
  const { token, sizeBytes, sha256, offset } = request.query;
  const run = await findOrThrow(context, runId);
  const archive = { token, stepNumber, attempt, sizeBytes, sha256 };
  await requireNodeSignature(context.db, request.headers.authorization, { run, archive });
  const data = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  return await takePart(context, { run, archive, offset, data });
}

async function sendEvidence(
  context: ApiContext,
  request: FastifyRequest<OneAttempt>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { db, archives, clock } = context;
  const { runId } = request.params;
  const { stepNumber, attempt } = numbersOf(request.params);
  const run = await findOrThrow(context, runId);
  const stepName = await nameOfStep(context, run, stepNumber);
  const step = (await listSteps(db, runId)).find((row) => row.stepNumber === stepNumber);
  if (step === undefined || attempt < 1 || attempt > step.attemptCount) {
    throw noAttempt(attempt, { stepNumber, stepName, attemptCount: step?.attemptCount ?? 0 });
  }
  const [stored] = await listEvidence(db, { runId, stepNumber, attempt });
  const artifacts = stepArtifacts(step, {
    stored: stored === undefined ? [] : [stored],
    now: clock.now(),
  }).find((one) => one.attempt === attempt);
  const archive = await evidenceArchive({
    ...{ db, archives, runId, stepNumber, attempt, stored },
    facts: evidenceFacts({ run, step, stepName, attempt, artifacts }),
    modifiedAt: (step.finishedAt ?? step.updatedAt) / 1000,
  });
  const name = `evidence-${runId}-step-${stepNumber}-attempt-${attempt}.tar.gz`;
  return reply
    .type("application/gzip")
    .header("content-length", archive.sizeBytes)
    .header("content-disposition", `attachment; filename="${name}"`)
    .header("repr-digest", `sha-256=:${archive.sha256.toString("base64")}:`)
    .header("cache-control", "no-store")
    .send(archive.open());
}

/** What is not a number is no attempt of any step. */
function numbersOf(params: OneAttempt["Params"]): { stepNumber: number; attempt: number } {
  const numbers = [params.stepNumber, params.attemptNumber].map((text) =>
    /^\d{1,9}$/.test(text) ? Number(text) : 0,
  );
  const [stepNumber = 0, attempt = 0] = numbers;
  return { stepNumber, attempt };
}

async function findOrThrow(context: ApiContext, runId: string): Promise<FoundRun> {
  const missing = { code: "RUN_NOT_FOUND", what: "run", id: runId } as const;
  return found(await findRun(context.db, runId), missing);
}

async function nameOfStep({ db }: ApiContext, run: FoundRun, stepNumber: number): Promise<string> {
  const instance = await findInstance(db, run.instanceId);
  // Written from a validated canonical template when the instance was created.
  const { steps } = JSON.parse(instance?.actionSpec ?? '{"steps":[]}') as ActionSpec;
  const step = steps[stepNumber - 1];
  if (step !== undefined) return step.name;
  const message = `run "${run.id}" has no step ${stepNumber}; its steps are 1 to ${steps.length}`;
  throw new CourierError("EVIDENCE_NOT_FOUND", message);
}

function noAttempt(
  attempt: number,
  step: { readonly stepNumber: number; readonly stepName: string; readonly attemptCount: number },
): CourierError {
  const { stepNumber, stepName, attemptCount } = step;
  const has =
    attemptCount === 0
      ? "was not attempted"
      : `has had ${attemptCount} attempt${attemptCount === 1 ? "" : "s"}`;
  const message = `step ${stepNumber} "${stepName}" ${has}, so there is no attempt ${attempt}`;
  return new CourierError("EVIDENCE_NOT_FOUND", message);
}

const params = {
  runId: "Id of the run.",
  stepNumber: "The step, from 1.",
  attemptNumber: "The attempt of the step, from 1.",
};

const getRoute = routeOptions({
  operationId: "getStepAttemptEvidence",
  summary: "The evidence of one attempt of a step",
  description:
    "A gzip tar: evidence.json (facts), stdout, stderr, what the step left below artifacts/ and files/, and artifacts.json, which says what is left out. Repr-Digest has its SHA-256.",
  tag: "runs",
  permission: "state:read",
  params,
  answers: { 200: { mediaType: "application/gzip", description: "The archive." } },
  errors: ["RUN_NOT_FOUND", "EVIDENCE_NOT_FOUND", "EVIDENCE_DAMAGED"],
});

const putRoute = routeOptions({
  operationId: "attachStepAttemptEvidence",
  summary: "Hand in a part of an attempt's artifacts (nodes only)",
  description:
    "The body is a part of the archive. Authorization is `Courier-Node <node id>:<signature>`, by the node's key over the archive's place, size and digest.",
  tag: "runs",
  permission: "none",
  isChange: true,
  isBinary: true,
  params,
  query: "evidence-upload-query",
  answers: {
    200: { schema: "evidence-upload-response", description: "Where the next part begins." },
  },
  errors: [
    ...(["RUN_NOT_FOUND", "UNAUTHENTICATED", "EVIDENCE_REFUSED"] as const),
    ...(["EVIDENCE_DAMAGED", "BODY_TOO_LARGE"] as const),
  ],
});
