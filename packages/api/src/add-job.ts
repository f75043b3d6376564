import {
  canonicalJson,
  CourierError,
  nextExecution,
  timetableOf,
  type ExceptionWindow,
  type NextExecution,
} from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type { AddJobResponse, CanonicalJob, TemplateFormat } from "@courier/schema";
import {
  findIdempotency,
  findJob,
  insertIdempotency,
  insertJob,
  insertPlannedTargets,
  type Db,
  type JobRow,
  type NewJobRow,
} from "@courier/store";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { checkTemplate, type CheckedTemplate } from "./checked-template.ts";
import { exceptionReasons, readExceptionWindows } from "./exception-windows.ts";
import { requireExemption } from "./exempt.ts";
import { requireKnownTargets } from "./known-targets.ts";
import type { RecentPlans } from "./recent-plans.ts";
import { principalOf } from "./request-context.ts";
import { requirePlan } from "./require-plan.ts";
import { noTime, rfc3339 } from "./rfc3339.ts";
import { hashSecret } from "./secrets.ts";

/** A request to add a job. */
export interface AddJobRequest {
  readonly text: string;
  readonly format: TemplateFormat;
  readonly idempotencyKey: string | undefined;
  /** Add it only if everything is as in this plan. */
  readonly plan: { readonly hash: string; readonly plans: RecentPlans } | undefined;
  readonly request: FastifyRequest;
}

/** What came of it: `isReplayed` when this key had added the job before. */
export interface AddedJob {
  readonly body: AddJobResponse;
  readonly isReplayed: boolean;
}

/** Names a request that may come twice, and what it came with. */
interface Repetition {
  readonly tokenId: string;
  readonly key: string;
  readonly bodyHash: string;
}

/**
 * Adds a job: checks its template, stores job, idempotency key and audit entry in one transaction,
 * and wakes the scheduler after the commit.
 */
export async function addJob(context: ApiContext, asked: AddJobRequest): Promise<AddedJob> {
  const repetition = repetitionOf(asked);
  const earlier = await replay(context.db, repetition);
  if (earlier !== undefined) return earlier;
  const template = await checkTemplate(asked.text, {
    format: asked.format,
    now: context.clock.now(),
  });
  await requireKnownTargets(context.db, template);
  if (template.job.ignoreExceptions === true) requireExemption(asked.request);
  const { row, next } = await newJob(context, template, principalOf(asked.request).tokenId);
  try {
    await context.db.transaction(async (tx) => {
      const targets = asked.plan && (await requirePlan(tx, template, asked.plan));
      await storeJob(tx, row, repetition);
      if (targets !== undefined) await pinTargets(tx, { row, targets });
      const isExempt = template.job.ignoreExceptions === true;
      const detail = {
        name: row.name,
        ...(asked.plan === undefined ? {} : { plan: asked.plan.hash }),
        ...(isExempt ? { ignoreExceptions: true } : {}),
      };
      const change = { action: "job.add", object: row.id, detail };
      await recordChange(tx, { context, request: asked.request }, change);
    });
  } catch (error) {
    // The same request may have come a second time while the first was under way. Its job is seen for certain only by a
    // transaction: the conflict may have been with a row that shares its commit with others and is not committed yet.
    const raced = isConflict(error)
      ? await context.db.transaction((tx) => replay(tx, repetition))
      : undefined;
    if (raced !== undefined) return raced;
    throw error;
  }
  context.bus.publish(workTopic, { kind: "job", jobId: row.id } satisfies WorkMessage);
  return { body: answerFor(row.id, next), isReplayed: false };
}

function repetitionOf(asked: AddJobRequest): Repetition | undefined {
  if (asked.idempotencyKey === undefined) return undefined;
  return {
    tokenId: principalOf(asked.request).tokenId,
    key: asked.idempotencyKey,
    bodyHash: hashSecret(`${asked.format}\n${asked.text}`),
  };
}

/** The answer that this key got before; throws when it came with another body. */
async function replay(db: Db, repetition: Repetition | undefined): Promise<AddedJob | undefined> {
  if (repetition === undefined) return undefined;
  const earlier = await findIdempotency(db, repetition);
  if (earlier === undefined) return undefined;
  if (earlier.bodyHash !== repetition.bodyHash || earlier.instanceId !== null)
    throw keyReused(repetition.key);
  const job = await findJob(db, earlier.jobId);
  if (job === undefined) return undefined;
  const { windows } = await readExceptionWindows(db);
  return {
    body: answerFor(job.id, firstTimes(templateOf(job), job.createdAt, windows)),
    isReplayed: true,
  };
}

/** Jobs that are added while the exceptions change are computed again: they know which state of them they were computed with. */
async function newJob(
  context: ApiContext,
  template: CheckedTemplate,
  tokenId: string,
): Promise<{ readonly row: NewJobRow; readonly next: NextExecution }> {
  const { version, windows } = await readExceptionWindows(context.db);
  const now = context.clock.now();
  const next = firstTimes(template.job, now, windows);
  const row: NewJobRow = {
    id: context.newId(),
    name: template.job.name,
    description: template.job.description,
    status: "active",
    template: canonicalJson(template.job),
    scheduleRule: template.job.scheduleRule,
    nextExecutionAt: next.nextAt,
    createdAt: now,
    updatedAt: now,
    createdBy: tokenId,
    blocked: JSON.stringify(next.blocked),
    exceptionsVersion: version,
    reviewAt: next.reviewAt,
  };
  return { row, next };
}

async function storeJob(tx: Db, row: NewJobRow, repetition: Repetition | undefined): Promise<void> {
  const inserted = await insertJob(tx, row);
  if (!inserted.ok) throw nameTaken(row.name, inserted.jobId);
  if (repetition === undefined) return;
  const key = { ...repetition, jobId: row.id, instanceId: null, createdAt: row.createdAt };
  if (!(await insertIdempotency(tx, key))) throw keyReused(repetition.key);
}

/** An immediate job fires for the nodes that it was planned for; the others resolve theirs at each occurrence. */
async function pinTargets(
  tx: Db,
  { row, targets }: { readonly row: NewJobRow; readonly targets: readonly string[][] },
): Promise<void> {
  if (row.scheduleRule.trim() !== "immediate") return;
  await insertPlannedTargets(tx, { jobId: row.id, targets });
}

function answerFor(id: string, { nextAt, blocked }: NextExecution): AddJobResponse {
  const nextExecutionTime = nextAt === null ? noTime : rfc3339(nextAt);
  return { item: { exceptionReasons: exceptionReasons(blocked), id, nextExecutionTime } };
}

/** When a job that was added then (Unix ms) is due first; the same when the answer is given a second time. */
function firstTimes(
  job: CanonicalJob,
  addedAt: number,
  windows: readonly ExceptionWindow[],
): NextExecution {
  return nextExecution(timetableOf(job, addedAt, windows), addedAt - 1);
}

function templateOf(row: JobRow): CanonicalJob {
  // The column holds what canonicalJson wrote, and nothing else writes it.
  return JSON.parse(row.template) as CanonicalJob;
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof CourierError &&
    ["JOB_NAME_TAKEN", "IDEMPOTENCY_KEY_REUSED", "PLAN_DRIFTED"].includes(error.code)
  );
}

function nameTaken(name: string, jobId: string): CourierError {
  return new CourierError(
    "JOB_NAME_TAKEN",
    `job name ${JSON.stringify(name)} is taken by job ${jobId}; to run that job again: courier-cli scheduler jobs create-manual-job --jobId ${jobId}`,
  );
}

function keyReused(key: string): CourierError {
  return new CourierError(
    "IDEMPOTENCY_KEY_REUSED",
    `idempotency key ${JSON.stringify(key)} was used with another body`,
  );
}
