import { decideStart, firstFreeInstant, type StartDecision } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import { hasOpenInstance, type Db, type JobRow } from "@courier/store";
import { expandInstance } from "./expand-instance.ts";
import type { Exceptions } from "./load-exceptions.ts";

/** Decides whether an instance of a job may start now, or what it has to wait for. */
export async function decideStartNow(
  tx: Db,
  about: {
    readonly job: JobRow;
    readonly template: CanonicalJob;
    readonly now: number;
    readonly exceptions: Exceptions;
    readonly ignoresExceptions: boolean;
  },
): Promise<StartDecision> {
  const { job, ...rest } = about;
  const mayOverlap = about.template.overlapPolicy === "allow";
  const isInstanceOpen = !mayOverlap && (await hasOpenInstance(tx, job.id));
  return decideStartOf({ ...rest, isInstanceOpen });
}

/** The same for a job of which it is known whether one of its instances is open. */
export function decideStartOf(about: {
  readonly template: CanonicalJob;
  readonly now: number;
  readonly exceptions: Exceptions;
  readonly ignoresExceptions: boolean;
  readonly isInstanceOpen: boolean;
}): StartDecision {
  const { template, now, exceptions, ignoresExceptions, isInstanceOpen } = about;
  const isExempt = ignoresExceptions || template.ignoreExceptions === true;
  return decideStart({
    now,
    freeze: firstFreeInstant(isExempt ? [] : exceptions.windows, now),
    overlapPolicy: template.overlapPolicy ?? "queue",
    isInstanceOpen,
  });
}

/**
 * Makes an instance that no occurrence of the schedule fired: any negative number does for its nominal time that the job
 * has not used, and none can keep an occurrence from firing.
 */
export async function expandBesideSchedule(
  tx: Db,
  expansion: Omit<Parameters<typeof expandInstance>[1], "nominalAt">,
): Promise<string> {
  for (let nominalAt = -expansion.now; ; nominalAt -= 1) {
    const id = await expandInstance(tx, { ...expansion, nominalAt });
    if (id !== null) return id;
  }
}
