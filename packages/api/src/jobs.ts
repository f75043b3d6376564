import type { SchemaTypes } from "@courier/schema";
import { findJob, listJobs } from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addJob, type AddJobRequest } from "./add-job.ts";
import type { ApiContext } from "./api-context.ts";
import { checkTemplate } from "./checked-template.ts";
import { addJobChangeRoutes } from "./change-job.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { jobItem } from "./job-json.ts";
import { addJobTimeRoutes } from "./job-times.ts";
import { tagVersion } from "./job-version.ts";
import { bodyText } from "./json-body.ts";
import { planOccurrencesDefault, templateBytesMax } from "./limits.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { planJob } from "./plan-job.ts";
import { RecentPlans } from "./recent-plans.ts";
import { routeOptions } from "./route-schema.ts";
import { addStartRoute } from "./start-job.ts";
import { templateFormatOf } from "./template-format.ts";
import { updateJob } from "./update-job.ts";

type AddJobQuery = SchemaTypes["add-job-query"];
type PlanQuery = SchemaTypes["plan-query"];
type JobListQuery = SchemaTypes["job-list-query"];

interface OneJob {
  readonly Params: { readonly jobId: string };
}

const prefix = "/courier/scheduler-api/v1/jobs";

/** Jobs: adding, checking and reading them. */
export function addJobRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Querystring: JobListQuery }>(prefix, listRoute, async (request) =>
    listPage(context, request),
  );
  app.get<OneJob>(`${prefix}/:jobId`, getRoute, async (request, reply) => {
    const { jobId } = request.params;
    const row = await findJob(context.db, jobId);
    const job = found(row, { code: "JOB_NOT_FOUND", what: "job", id: jobId });
    tagVersion(reply, job);
    return { item: jobItem(job) };
  });
  addJobChangeRoutes(app, context);
  addJobTimeRoutes(app, context);
  addStartRoute(app, context);
  void app.register(async (templates) => addTemplateRoutes(templates, context));
}

/** Routes whose body is a template as its author wrote it. */
async function addTemplateRoutes(app: FastifyInstance, context: ApiContext): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
  app.addHook("onRequest", async (request) => {
    // Refused before the body is read.
    templateFormatOf(request.headers["content-type"]);
  });
  const options = { bodyLimit: templateBytesMax };
  const plans = new RecentPlans();
  app.post<{ Querystring: AddJobQuery }>(prefix, { ...addRoute, ...options }, (request, reply) => {
    const hash = request.query.plan;
    return add(context, { request, reply, plan: hash === undefined ? hash : { hash, plans } });
  });
  app.post<{ Querystring: PlanQuery }>(
    `${prefix}/plan`,
    { ...planRoute, ...options },
    async (request) =>
      planJob(context, plans, {
        text: textOf(request),
        format: formatOf(request),
        count: request.query.count ?? planOccurrencesDefault,
      }),
  );
  app.put<OneJob>(`${prefix}/:jobId`, { ...updateRoute, ...options }, async (request, reply) => {
    const { jobId } = request.params;
    const text = textOf(request);
    const row = await updateJob(context, { jobId, text, format: formatOf(request), request });
    tagVersion(reply, row);
    return { item: jobItem(row) };
  });
  app.post(`${prefix}/validate`, { ...validateRoute, ...options }, async (request) => {
    const { warnings } = await checkTemplate(textOf(request), {
      format: formatOf(request),
      now: context.clock.now(),
    });
    return { item: { problems: [], valid: true, warnings } };
  });
}

async function add(
  context: ApiContext,
  asked: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly plan: AddJobRequest["plan"];
  },
): Promise<object> {
  const { request, reply, plan } = asked;
  const added = await addJob(context, {
    text: textOf(request),
    format: formatOf(request),
    idempotencyKey: idempotencyKeyOf(request),
    plan,
    request,
  });
  if (added.isReplayed) reply.header("idempotency-replayed", "true");
  reply.code(added.isReplayed ? 200 : 201);
  return added.body;
}

async function listPage(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: JobListQuery }>,
): Promise<object> {
  const { name, status, active, sortKey, sortOrder } = request.query;
  const page = pageRequestOf(request.query);
  const { items, total } = await listJobs(context.db, {
    ...page,
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status }),
    ...(active === undefined ? {} : { isActive: active }),
    sort: {
      by: sortKey === "name" ? "name" : "created_at",
      order: sortOrderOf(sortOrder, sortKey),
    },
  });
  return pageOf(items.map(jobItem), total, { request: page, url: request.url });
}

/** Names read from the first letter on, creation times from the newest. */
function sortOrderOf(
  order: JobListQuery["sortOrder"],
  key: JobListQuery["sortKey"],
): "asc" | "desc" {
  if (order === undefined) return key === "name" ? "asc" : "desc";
  return order === "asc" || order === "ascending" ? "asc" : "desc";
}

function textOf(request: FastifyRequest): string {
  return request.body instanceof Uint8Array ? bodyText(request.body) : "";
}

function formatOf(request: FastifyRequest): "json" | "yaml" | "toml" {
  return templateFormatOf(request.headers["content-type"]);
}

const listRoute = routeOptions({
  operationId: "listJobs",
  summary: "Jobs, newest first",
  tag: "jobs",
  permission: "jobs:read",
  query: "job-list-query",
  answers: { 200: { schema: "job-list", description: "A page of jobs." } },
});

const getRoute = routeOptions({
  operationId: "getJob",
  summary: "One job",
  tag: "jobs",
  permission: "jobs:read",
  params: { jobId: "Id of the job." },
  answers: { 200: { schema: "job-response", description: "The job." } },
  errors: ["JOB_NOT_FOUND"],
});

const addRoute = routeOptions({
  operationId: "addJob",
  summary: "Add a job from a template",
  tag: "jobs",
  permission: "jobs:write",
  isChange: true,
  template: true,
  query: "add-job-query",
  headers: {
    "idempotency-key":
      "A repeated key with the same body gets the first answer, and no second job.",
  },
  answers: {
    200: {
      schema: "add-job-response",
      description: "The key was used before; header Idempotency-Replayed is true.",
    },
    201: { schema: "add-job-response", description: "The job was added." },
  },
  errors: [
    "TEMPLATE_INVALID",
    "TEMPLATE_UNSUPPORTED",
    "NODE_UNKNOWN",
    "JOB_NAME_TAKEN",
    "IDEMPOTENCY_KEY_REUSED",
    "PLAN_DRIFTED",
    "REQUEST_INVALID",
  ],
});

const updateRoute = routeOptions({
  operationId: "updateJob",
  summary: "Replace a job's template",
  description:
    "Instances keep the template that they started with. A schedule that changes begins now, and lets a completed job go on. A job as get-job shows it may be sent back: what is not part of a template is ignored.",
  tag: "jobs",
  permission: "jobs:write",
  isChange: true,
  template: true,
  params: { jobId: "Id of the job." },
  headers: {
    "if-match": "The ETag of the job that the change is meant for; another one is refused.",
  },
  answers: { 200: { schema: "job-response", description: "The job as it is now." } },
  errors: [
    "JOB_NOT_FOUND",
    "JOB_CHANGED",
    "JOB_NAME_TAKEN",
    "TEMPLATE_INVALID",
    "TEMPLATE_UNSUPPORTED",
    "NODE_UNKNOWN",
  ],
});

const planRoute = routeOptions({
  operationId: "planJob",
  summary: "What would happen if a template was added now",
  description:
    "Resolves the targets and says which node runs in which group and batch, when, and what the thresholds mean. Stores nothing. Adding the job with `plan=HASH` refuses it when template or targets have drifted since.",
  tag: "jobs",
  permission: "jobs:read",
  template: true,
  query: "plan-query",
  answers: { 200: { schema: "plan-response", description: "The plan." } },
  errors: ["TEMPLATE_INVALID", "TEMPLATE_UNSUPPORTED", "NODE_UNKNOWN", "TARGET_UNKNOWN"],
});

const validateRoute = routeOptions({
  operationId: "validateJob",
  summary: "Check a template without adding it",
  tag: "jobs",
  permission: "jobs:read",
  template: true,
  answers: { 200: { schema: "validate-response", description: "The template is valid." } },
  errors: ["TEMPLATE_INVALID", "TEMPLATE_UNSUPPORTED"],
});
