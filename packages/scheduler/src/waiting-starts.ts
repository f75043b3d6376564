import {
  claimWaitingStarts,
  deleteWaitingStart,
  insertMissedOccurrences,
  lockJob,
  postponeWaitingStart,
  type Db,
  type WaitingStart,
} from "@courier/store";
import { decideStartNow, expandBesideSchedule } from "./begin-instance.ts";
import { expandInstance } from "./expand-instance.ts";
import { waitingStartsPerTurn } from "./limits.ts";
import type { Exceptions } from "./load-exceptions.ts";
import { templateOf } from "./template-of.ts";

interface WaitingContext {
  readonly now: number;
  readonly newId: () => string;
  /** Read only when something waits. */
  readonly exceptions: () => Promise<Exceptions>;
}

/** Starts what has waited long enough; returns the ids of the instances, null for an occurrence that has fired already. */
export async function startWaiting(tx: Db, context: WaitingContext): Promise<(string | null)[]> {
  const created: (string | null)[] = [];
  const { now } = context;
  for (const start of await claimWaitingStarts(tx, { now, limit: waitingStartsPerTurn })) {
    created.push(await settle(tx, start, context));
  }
  return created;
}

async function settle(
  tx: Db,
  start: WaitingStart,
  { now, newId, exceptions }: WaitingContext,
): Promise<string | null> {
  const job = await lockJob(tx, start.jobId);
  if (job === undefined) {
    await deleteWaitingStart(tx, start.jobId);
    return null;
  }
  const { ignoresExceptions } = start;
  const template = templateOf(job);
  const about = { job, template, now, exceptions: await exceptions(), ignoresExceptions };
  const decision = await decideStartNow(tx, about);
  switch (decision.kind) {
    case "hold":
    case "queue": {
      const notBefore = decision.kind === "hold" ? decision.notBefore : null;
      await postponeWaitingStart(tx, { id: start.id, notBefore, reason: decision.reason });
      return null;
    }
    case "drop": {
      await deleteWaitingStart(tx, start.jobId);
      await insertMissedOccurrences(tx, [missedBy(start, { reason: decision.reason, now })]);
      return null;
    }
    case "start": {
      await deleteWaitingStart(tx, start.jobId);
      const startedBy = start.askedBy === "" ? {} : { startedBy: start.askedBy };
      const expansion = { job, now, newId, instanceId: start.id, ...startedBy };
      return start.nominalAt < 0
        ? expandBesideSchedule(tx, expansion)
        : expandInstance(tx, { ...expansion, nominalAt: start.nominalAt });
    }
  }
}

function missedBy(
  start: WaitingStart,
  { reason, now }: { readonly reason: string; readonly now: number },
): Parameters<typeof insertMissedOccurrences>[1][number] {
  const at = start.nominalAt < 0 ? start.createdAt : start.nominalAt;
  const { jobId } = start;
  const times = { firstAt: at, lastAt: at, count: 1, recordedAt: now };
  return { jobId, cause: "overlapPolicy", reason, ...times };
}
