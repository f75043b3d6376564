import { canonicalJson, CourierError, nextFree, timetableOf } from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type { AddJobResponse, CanonicalJob, TemplateFormat } from "@courier/schema";
import {
  findIdempotency,
  findJob,
  insertIdempotency,
  insertJob,
  type Db,
  type JobRow,
} from "@courier/store";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { checkTemplate, type CheckedTemplate } from "./checked-template.ts";
import { requireKnownTargets } from "./known-targets.ts";
import { principalOf } from "./request-context.ts";
import { noTime, rfc3339 } from "./rfc3339.ts";
import { hashSecret } from "./secrets.ts";

/** A request to add a job. */
export interface AddJobRequest {
  readonly text: string;
  readonly format: TemplateFormat;
  readonly idempotencyKey: string | undefined;
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
  const row = newJob(context, template, principalOf(asked.request).tokenId);
  try {
    await context.db.transaction(async (tx) => {
      await storeJob(tx, row, repetition);
      const change = { action: "job.add", object: row.id, detail: { name: row.name } };
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
  return { body: answerFor(row), isReplayed: false };
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
  return job === undefined ? undefined : { body: answerFor(job), isReplayed: true };
}

function newJob(context: ApiContext, template: CheckedTemplate, tokenId: string): JobRow {
  const now = context.clock.now();
  return {
    id: context.newId(),
    name: template.job.name,
    description: template.job.description,
    status: "active",
    template: canonicalJson(template.job),
    scheduleRule: template.job.scheduleRule,
    nextExecutionAt: firstTimes(template.job, now).at,
    createdAt: now,
    updatedAt: now,
    createdBy: tokenId,
  };
}

async function storeJob(tx: Db, row: JobRow, repetition: Repetition | undefined): Promise<void> {
  const inserted = await insertJob(tx, row);
  if (!inserted.ok) throw nameTaken(row.name, inserted.jobId);
  if (repetition === undefined) return;
  const key = { ...repetition, jobId: row.id, instanceId: null, createdAt: row.createdAt };
  if (!(await insertIdempotency(tx, key))) throw keyReused(repetition.key);
}

/** Computed from when the job was added, so that the answer stays the same when it is given a second time. */
function answerFor(row: JobRow): AddJobResponse {
  // The column holds what canonicalJson wrote, and nothing else writes it.
  const { at, exceptionReasons } = firstTimes(
    JSON.parse(row.template) as CanonicalJob,
    row.createdAt,
  );
  return {
    item: {
      exceptionReasons,
      id: row.id,
      nextExecutionTime: at === null ? noTime : rfc3339(at),
    },
  };
}

/** When a job that was added then (Unix ms) is due first, and what its exception rules blocked before that. */
function firstTimes(
  job: CanonicalJob,
  addedAt: number,
): { readonly at: number | null; readonly exceptionReasons: string[] } {
  const timetable = timetableOf(job, addedAt);
  if (timetable.schedule.kind === "immediate") return { at: addedAt, exceptionReasons: [] };
  const first = nextFree(timetable, addedAt - 1);
  const reasons = first?.blocked.map(
    ({ at, label, windowEndsAt }) =>
      `${rfc3339(at)} is blocked by ${label} until ${rfc3339(windowEndsAt)}`,
  );
  return { at: first?.next.at ?? null, exceptionReasons: reasons ?? [] };
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof CourierError &&
    (error.code === "JOB_NAME_TAKEN" || error.code === "IDEMPOTENCY_KEY_REUSED")
  );
}

function nameTaken(name: string, jobId: string): CourierError {
  return new CourierError(
    "JOB_NAME_TAKEN",
    `job name ${JSON.stringify(name)} is taken by job ${jobId}; to run it again, add the template under another name`,
  );
}

function keyReused(key: string): CourierError {
  return new CourierError(
    "IDEMPOTENCY_KEY_REUSED",
    `idempotency key ${JSON.stringify(key)} was used with another body`,
  );
}
