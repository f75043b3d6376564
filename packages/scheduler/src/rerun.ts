import { findStep, firstFreeInstant, fitGroup, isInstanceFinal, isRunOutcome } from "@courier/core";
import type { Asker, Rerun, RerunAnswer, RerunOrder, RerunSelection } from "@courier/protocol";
import type { ActionSpec, CanonicalGroup, TargetSpec } from "@courier/schema";
import {
  copyStepOutputs,
  findIdempotency,
  findInstance,
  findJob,
  findRun,
  insertIdempotency,
  listGroups,
  listRerunTargets,
  lockInstances,
  type Database,
  type Db,
  type InstanceRow,
  type RerunTarget,
} from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { templateOf } from "./template-of.ts";
import { Effects } from "./effects.ts";
import { expandedOf, insertExpanded, type ResolvedGroup } from "./expand-instance.ts";
import { loadExceptions } from "./load-exceptions.ts";
import { recordAudit } from "./record-audit.ts";
import type { Turn } from "./turn.ts";

interface RerunContext {
  readonly now: number;
  readonly presenceSettledAt: number;
  readonly newId: () => string;
  readonly asker: Asker;
}

/** The answer to a request for a rerun and what follows from it. */
export interface Reran {
  readonly answer: RerunAnswer;
  readonly effects: Effects;
}

/**
 * Executes runs that have ended again: in one transaction creates a new instance of the same job, with the origin's
 * frozen template and groups, on the nodes of those runs, and starts its first batches. The origin does not change
 * (semantics.md section 6: terminal states never do).
 */
export async function rerun(
  db: Database,
  order: RerunOrder,
  context: RerunContext,
): Promise<Reran> {
  try {
    return await rerunOnce(db, order, context);
  } catch (error) {
    // The same request came twice at once; the other one's answer is there now.
    if (error instanceof KeyTaken) return rerunOnce(db, order, context);
    throw error;
  }
}

/** Another transaction has used the idempotency key meanwhile. */
class KeyTaken extends Error {}

async function rerunOnce(db: Database, order: RerunOrder, context: RerunContext): Promise<Reran> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const turn: Turn = { tx, effects, ...context };
    const earlier = await findEarlier(tx, order, context);
    if (earlier !== undefined) return { answer: earlier, effects };
    const origin = await findOrigin(tx, order.selection);
    if (typeof origin === "string") return { answer: { kind: origin }, effects };
    const fromStep = findFromStep(origin, order.fromStep);
    if (!fromStep.ok) return { answer: { kind: "no-step", reason: fromStep.reason }, effects };
    const targets = await listRerunTargets(tx, { ...order.selection, instanceId: origin.id });
    const alive = targets.filter((target) => !target.isArchived);
    if (alive.length === 0) {
      return { answer: { kind: "nothing", archivedCount: targets.length }, effects };
    }
    const frozen = await findFreeze(tx, { order, origin, now: context.now });
    if (frozen !== undefined) return { answer: frozen, effects };
    const { stepNumber } = fromStep;
    const instance = await insertRerun(tx, { origin, stepNumber, targets: alive, context });
    if (stepNumber !== null) {
      const { now } = context;
      const copied = { instanceId: instance.id, originInstanceId: origin.id, now };
      await copyStepOutputs(tx, { ...copied, fromStep: stepNumber });
    }
    await remember(tx, { order, instance, context });
    for (const locked of await lockInstances(tx, [instance.id]))
      await advanceInstance(locked, turn);
    const rerun = { ...linkOf(instance, origin.id), runCount: alive.length };
    return { answer: { kind: "created", rerun }, effects };
  });
}

/** The global exception that forbids the rerun now. It does not wait: what failed is looked at again when the freeze is over. */
async function findFreeze(
  tx: Db,
  about: { readonly order: RerunOrder; readonly origin: InstanceRow; readonly now: number },
): Promise<Extract<RerunAnswer, { readonly kind: "frozen" }> | undefined> {
  const { order, origin, now } = about;
  if (order.ignoresExceptions === true) return undefined;
  const { windows } = await loadExceptions(tx);
  const { nextAt, blocked } = firstFreeInstant(windows, now);
  const [first] = blocked;
  if (nextAt === now || first === undefined) return undefined;
  const job = await findJob(tx, origin.jobId);
  if (job !== undefined && templateOf(job).ignoreExceptions === true) return undefined;
  return { kind: "frozen", label: first.label, until: nextAt };
}

/** What the same key has made before. */
async function findEarlier(
  tx: Db,
  { idempotency }: RerunOrder,
  { asker }: RerunContext,
): Promise<RerunAnswer | undefined> {
  if (idempotency === undefined) return undefined;
  const { key, bodyHash } = idempotency;
  const known = await findIdempotency(tx, { tokenId: asker.tokenId, key });
  if (known === undefined) return undefined;
  if (known.bodyHash !== bodyHash || known.instanceId === null) return { kind: "key-reused" };
  const instance = await findInstance(tx, known.instanceId);
  if (instance === undefined) return { kind: "key-reused" };
  const groups = await listGroups(tx, instance.id);
  const runCount = groups.reduce((sum, group) => sum + group.nodeCount, 0);
  const rerun = { ...linkOf(instance, instance.originInstanceId ?? ""), runCount };
  return { kind: "replayed", rerun };
}

async function findOrigin(
  tx: Db,
  selection: RerunSelection,
): Promise<InstanceRow | "not-found" | "not-ended"> {
  if ("runId" in selection) {
    const run = await findRun(tx, selection.runId);
    if (run === undefined) return "not-found";
    if (!isRunOutcome(run.status)) return "not-ended";
    return (await findInstance(tx, run.instanceId)) ?? "not-found";
  }
  const origin = await findInstance(tx, selection.instanceId);
  if (origin === undefined) return "not-found";
  return isInstanceFinal(origin.status) ? origin : "not-ended";
}

/** Null: from the beginning, also when the origin itself started later. */
function findFromStep(
  origin: InstanceRow,
  wanted: number | string | undefined,
): { readonly ok: true; readonly stepNumber: number | null } | { ok: false; reason: string } {
  if (wanted === undefined) return { ok: true, stepNumber: null };
  // The column holds the actions of a canonical template that was validated when the job was added.
  const { steps } = JSON.parse(origin.actionSpec) as ActionSpec;
  return findStep(steps, wanted);
}

async function insertRerun(
  tx: Db,
  source: {
    readonly origin: InstanceRow;
    readonly stepNumber: number | null;
    readonly targets: readonly RerunTarget[];
    readonly context: RerunContext;
  },
): Promise<InstanceRow> {
  const { origin, stepNumber, targets, context } = source;
  // The column holds the target of a canonical template that was validated when the job was added.
  const target = JSON.parse(origin.targetSpec) as TargetSpec;
  const groups = regroup(target.groups, targets);
  const named = { ...target, groups: groups.map(({ group }) => group) };
  const instance = { ...rerunRow(origin, named, context), fromStep: stepNumber };
  // No occurrence fired it, so any negative number does that the job has not used.
  for (let nominalAt = -context.now; ; nominalAt -= 1) {
    const expanded = expandedOf({ ...instance, nominalAt }, groups, context.newId);
    const inserted = await insertExpanded(tx, [expanded]);
    if (inserted.size > 0) return expanded.instance;
  }
}

/** The origin's groups in their order, each with what it has left; one without is left out. */
function regroup(
  groups: readonly CanonicalGroup[],
  targets: readonly RerunTarget[],
): ResolvedGroup[] {
  return groups.flatMap((group, groupNumber) => {
    const ofGroup = targets.filter((target) => target.groupNumber === groupNumber);
    const nodeIds = ofGroup.map(({ nodeId }) => nodeId);
    if (nodeIds.length === 0) return [];
    const named = { ...group, nodeListType: "nodes" as const, nodeIdentifiers: nodeIds };
    return [{ group: fitGroup(named, nodeIds.length), nodeIds }];
  });
}

function rerunRow(origin: InstanceRow, target: TargetSpec, context: RerunContext): InstanceRow {
  return {
    ...origin,
    id: context.newId(),
    status: "pending",
    reason: "",
    targetSpec: JSON.stringify(target),
    createdAt: context.now,
    updatedAt: context.now,
    startedAt: null,
    finishedAt: null,
    lastUpdatedBy: context.asker.tokenId,
    cancelRequestedAt: null,
    originInstanceId: origin.id,
    pausedAt: null,
  };
}

async function remember(
  tx: Db,
  made: {
    readonly order: RerunOrder;
    readonly instance: InstanceRow;
    readonly context: RerunContext;
  },
): Promise<void> {
  const { order, instance, context } = made;
  const { asker, now } = context;
  await recordAudit(tx, {
    asker,
    now,
    action: "instance.rerun",
    object: instance.id,
    detail: {
      ...order.selection,
      fromStep: instance.fromStep,
      ...(order.ignoresExceptions === true ? { ignoreExceptions: true } : {}),
      originInstanceId: instance.originInstanceId,
    },
  });
  if (order.idempotency === undefined) return;
  const wasInserted = await insertIdempotency(tx, {
    ...order.idempotency,
    tokenId: asker.tokenId,
    jobId: instance.jobId,
    instanceId: instance.id,
    createdAt: now,
  });
  if (!wasInserted) throw new KeyTaken();
}

function linkOf(instance: InstanceRow, originInstanceId: string): Omit<Rerun, "runCount"> {
  return { instanceId: instance.id, jobId: instance.jobId, originInstanceId };
}
