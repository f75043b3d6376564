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
  const { job, template, now, exceptions, ignoresExceptions } = about;
  const overlapPolicy = template.overlapPolicy ?? "queue";
  const isExempt = ignoresExceptions || template.ignoreExceptions === true;
  return decideStart({
    now,
    freeze: firstFreeInstant(isExempt ? [] : exceptions.windows, now),
    overlapPolicy,
    isInstanceOpen: overlapPolicy !== "allow" && (await hasOpenInstance(tx, job.id)),
  });
}

/** The template of a stored job. */
export function templateOf(job: JobRow): CanonicalJob {
  // The column holds the canonical form of a template that was validated when it was stored.
  return JSON.parse(job.template) as CanonicalJob;
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
