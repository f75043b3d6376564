import {
  canonicalJson,
  CourierError,
  isSameSchedule,
  nextExecution,
  spansUntil,
  timetableOf,
  transitionJob,
} from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type { CanonicalJob, TemplateFormat } from "@courier/schema";
import {
  changeJob,
  findJob,
  findJobIdByName,
  heldBackOccurrences,
  insertMissedOccurrences,
  lockJob,
  takePlannedTargets,
  type Db,
  type JobChange,
  type JobRow,
} from "@courier/store";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { checkTemplate, type CheckedTemplate } from "./checked-template.ts";
import { blockedOf, readExceptionWindows } from "./exception-windows.ts";
import { requireExemption } from "./exempt.ts";
import { requireVersion } from "./job-version.ts";
import { requireKnownTargets } from "./known-targets.ts";
import { found } from "./not-found.ts";
import { principalOf } from "./request-context.ts";

/** A request to replace what a job is. */
export interface UpdateJobRequest {
  readonly jobId: string;
  readonly text: string;
  readonly format: TemplateFormat;
  readonly request: FastifyRequest;
}

/**
 * Replaces a job's template. Instances keep theirs. A schedule that is not the same begins now; one that is goes on as it
 * was. Returns the job as it is then.
 */
export async function updateJob(context: ApiContext, asked: UpdateJobRequest): Promise<JobRow> {
  const { jobId, request } = asked;
  const previous = requireJob(await findJob(context.db, jobId), jobId);
  requireVersion(request, previous);
  const template = await checkTemplate(asked.text, {
    format: asked.format,
    now: context.clock.now(),
    replaced: templateOf(previous),
  });
  requireOwnId(template, jobId);
  await requireKnownTargets(context.db, template);
  if (template.job.ignoreExceptions === true) requireExemption(request);
  try {
    const changed = await context.db.transaction((tx) => store(tx, { context, asked, template }));
    context.bus.publish(workTopic, { kind: "job", jobId } satisfies WorkMessage);
    return changed;
  } catch (error) {
    // Another job may have taken the name since it was looked for.
    await requireFreeName(context.db, { name: template.job.name, jobId });
    throw error;
  }
}

async function store(
  tx: Db,
  about: {
    readonly context: ApiContext;
    readonly asked: UpdateJobRequest;
    readonly template: CheckedTemplate;
  },
): Promise<JobRow> {
  const { context, asked, template } = about;
  const { jobId, request } = asked;
  const now = context.clock.now();
  const row = requireJob(await lockJob(tx, jobId), jobId);
  requireVersion(request, row);
  await requireFreeName(tx, { name: template.job.name, jobId });
  const { job } = template;
  const set: JobChange = {
    name: job.name,
    description: job.description,
    template: canonicalJson(job),
    scheduleRule: job.scheduleRule,
    updatedBy: principalOf(request).tokenId,
    ...(await reschedule(tx, { row, job, now })),
  };
  await changeJob(tx, { id: jobId, set, now });
  // What was planned was another template: from now on the targets are those of this one.
  await takePlannedTargets(tx, [jobId]);
  const detail = { name: job.name, ignoreExceptions: job.ignoreExceptions === true };
  await recordChange(tx, { context, request }, { action: "job.update", object: jobId, detail });
  return requireJob(await findJob(tx, jobId), jobId);
}

/** What of a job's place in time changes with its template. */
async function reschedule(
  tx: Db,
  change: { readonly row: JobRow; readonly job: CanonicalJob; readonly now: number },
): Promise<JobChange> {
  const { row, job, now } = change;
  const previous = templateOf(row);
  const isSame = isSameSchedule(previous, job);
  const isExempt = job.ignoreExceptions === true;
  if (isSame && isExempt === (previous.ignoreExceptions === true)) return {};
  const before = timetableOf(previous, row.anchoredAt);
  const passed = spansUntil(before, blockedOf(row), now);
  await insertMissedOccurrences(tx, heldBackOccurrences(row.id, passed, now));
  const anchoredAt = isSame ? row.anchoredAt : now;
  const moved = isSame ? undefined : transitionJob(row.status, "reschedule");
  const status = moved?.ok === true ? moved.state : row.status;
  if (status !== "active") return { anchoredAt };
  const { version, windows } = await readExceptionWindows(tx);
  const next = nextExecution(timetableOf(job, anchoredAt, windows), now - 1);
  return {
    anchoredAt,
    status,
    nextExecutionAt: next.nextAt,
    reviewAt: next.reviewAt,
    blocked: JSON.stringify(next.blocked),
    exceptionsVersion: version,
  };
}

async function requireFreeName(
  db: Db,
  { name, jobId }: { readonly name: string; readonly jobId: string },
): Promise<void> {
  const owner = await findJobIdByName(db, name);
  if (owner === undefined || owner === jobId) return;
  const message = `job name ${JSON.stringify(name)} is taken by job ${owner}; nothing was changed`;
  throw new CourierError("JOB_NAME_TAKEN", message);
}

/** A job that was read may be sent back as it is; that of another job is a mistake. */
function requireOwnId(template: CheckedTemplate, jobId: string): void {
  const { id } = template.ignored;
  if (id === undefined || id === jobId) return;
  throw new CourierError(
    "TEMPLATE_INVALID",
    `the body is job ${JSON.stringify(id)}, not job ${JSON.stringify(jobId)}; nothing was changed`,
    { details: [{ pointer: "/id", message: `expected ${JSON.stringify(jobId)}, or no id` }] },
  );
}

function requireJob(row: JobRow | undefined, id: string): JobRow {
  return found(row, { code: "JOB_NOT_FOUND", what: "job", id });
}

function templateOf(row: JobRow): CanonicalJob {
  // The column holds what canonicalJson wrote, and nothing else writes it.
  return JSON.parse(row.template) as CanonicalJob;
}
