import type { Asker, StartAnswer, StartedJob, StartOrder } from "@courier/protocol";
import {
  findIdempotency,
  findInstance,
  findWaitingStart,
  insertIdempotency,
  insertWaitingStart,
  lockInstances,
  lockJob,
  type Database,
  type Db,
  type JobRow,
} from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { decideStartNow, expandBesideSchedule } from "./begin-instance.ts";
import { Effects } from "./effects.ts";
import { loadExceptions } from "./load-exceptions.ts";
import { recordAudit } from "./record-audit.ts";
import type { Turn } from "./turn.ts";
import { templateOf } from "./template-of.ts";

interface StartContext {
  readonly now: number;
  readonly presenceSettledAt: number;
  readonly newId: () => string;
  readonly asker: Asker;
}

/** The answer to a request for a start and what follows from it. */
export interface Started {
  readonly answer: StartAnswer;
  readonly effects: Effects;
}

/**
 * Starts an instance of a job now, whatever the job's status: its schedule is not touched. A freeze lets it wait, an
 * instance under way does what the job's overlap policy says; at most one start of a job waits.
 */
export async function startJob(
  db: Database,
  order: StartOrder,
  context: StartContext,
): Promise<Started> {
  try {
    return await startOnce(db, order, context);
  } catch (error) {
    // The same request came twice at once; the other one's answer is there now.
    if (error instanceof KeyTaken) return startOnce(db, order, context);
    throw error;
  }
}

/** Another transaction has used the idempotency key meanwhile. */
class KeyTaken extends Error {}

async function startOnce(db: Database, order: StartOrder, context: StartContext): Promise<Started> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const earlier = await findEarlier(tx, order, context);
    if (earlier !== undefined) return { answer: earlier, effects };
    const job = await lockJob(tx, order.jobId);
    if (job === undefined) return { answer: { kind: "not-found" }, effects };
    if (templateOf(job).allowManualExecution === false)
      return { answer: { kind: "not-allowed" }, effects };
    const begun = await begin({ tx, effects, ...context }, job, { order, context });
    if ("kind" in begun) return { answer: begun, effects };
    await remember(tx, { order, start: begun, context });
    return { answer: { kind: "accepted", start: begun }, effects };
  });
}

async function begin(
  turn: Turn,
  job: JobRow,
  { order, context }: { readonly order: StartOrder; readonly context: StartContext },
): Promise<StartedJob | Extract<StartAnswer, { readonly kind: "overlaps" }>> {
  const { tx, now } = turn;
  const { ignoresExceptions } = order;
  const { newId, asker } = context;
  const waiting = await findWaitingStart(tx, { jobId: job.id });
  if (waiting !== undefined) return overlaps(`instance "${waiting.id}" waits to start already`);
  const exceptions = await loadExceptions(tx);
  const template = templateOf(job);
  const about = { job, template, now, exceptions, ignoresExceptions };
  const decision = await decideStartNow(tx, about);
  if (decision.kind === "drop") return overlaps(decision.reason);
  if (decision.kind === "start") {
    const startedBy = asker.tokenId;
    const instanceId = await expandBesideSchedule(tx, { job, now, newId, startedBy });
    for (const locked of await lockInstances(tx, [instanceId])) await advanceInstance(locked, turn);
    return { instanceId, jobId: job.id, isStarted: true, notBefore: null, reason: "" };
  }
  if (decision.kind === "queue" && job.queuedAt !== null) {
    return overlaps("an instance of the job has not ended, and an occurrence waits for it already");
  }
  const { reason } = decision;
  const notBefore = decision.kind === "hold" ? decision.notBefore : null;
  const start = { id: newId(), jobId: job.id, notBefore, reason, createdAt: now };
  const askedBy = asker.tokenId;
  await insertWaitingStart(tx, { ...start, nominalAt: -now, askedBy, ignoresExceptions });
  return { instanceId: start.id, jobId: job.id, isStarted: false, notBefore, reason };
}

function overlaps(reason: string): Extract<StartAnswer, { readonly kind: "overlaps" }> {
  return { kind: "overlaps", reason };
}

/** What the same key has started before. */
async function findEarlier(
  tx: Db,
  { jobId, idempotency }: StartOrder,
  { asker }: StartContext,
): Promise<StartAnswer | undefined> {
  if (idempotency === undefined) return undefined;
  const { key, bodyHash } = idempotency;
  const known = await findIdempotency(tx, { tokenId: asker.tokenId, key });
  if (known === undefined) return undefined;
  if (known.bodyHash !== bodyHash || known.instanceId === null) return { kind: "key-reused" };
  const { instanceId } = known;
  const waiting = await findWaitingStart(tx, { id: instanceId });
  const isStarted = (await findInstance(tx, instanceId)) !== undefined;
  const reason = waiting?.reason ?? (isStarted ? "" : "it was canceled before it started");
  const notBefore = waiting?.notBefore ?? null;
  return { kind: "replayed", start: { instanceId, jobId, isStarted, notBefore, reason } };
}

async function remember(
  tx: Db,
  made: {
    readonly order: StartOrder;
    readonly start: StartedJob;
    readonly context: StartContext;
  },
): Promise<void> {
  const { order, start, context } = made;
  const { asker, now } = context;
  const { instanceId, isStarted } = start;
  const detail = { instanceId, isStarted, ignoreExceptions: order.ignoresExceptions };
  await recordAudit(tx, { asker, now, action: "job.start", object: order.jobId, detail });
  if (order.idempotency === undefined) return;
  const key = { ...order.idempotency, tokenId: asker.tokenId, createdAt: now };
  const wasInserted = await insertIdempotency(tx, { ...key, jobId: order.jobId, instanceId });
  if (!wasInserted) throw new KeyTaken();
}
