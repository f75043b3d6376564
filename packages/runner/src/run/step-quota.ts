import { availableParallelism } from "node:os";
import { cpuQuotaOf } from "@courier/core";
import type { CanonicalStepLimits } from "@courier/schema";
import type { CpuQuotas } from "../host/cpu-quotas.ts";
import { attemptName, type AttemptKey } from "../step/run-directory.ts";

/** The processor quota of one attempt, as far as it has one. */
export interface StepQuota {
  /** Undefined: nothing to be put under a quota. */
  readonly admit: ((pid: number) => void) | undefined;
  /** What a person has to know: that a limit could not be set. */
  readonly notes: readonly string[];
  /** The attempt has ended. */
  release(): void;
}

interface Limited {
  readonly limits: CanonicalStepLimits;
  readonly quotas: CpuQuotas;
}

const none: StepQuota = { admit: undefined, notes: [], release: () => undefined };

/** The quota of an attempt that is about to be launched. Where none can be set the step runs, and its reason says so. */
export function stepQuota(key: AttemptKey, { limits, quotas }: Limited): StepQuota {
  const cores = cpuQuotaOf(limits, availableParallelism());
  if (cores === undefined) return none;
  const name = attemptName(key);
  const quota = quotas.create(name, cores);
  if (quota.kind === "refused") return { ...none, notes: [noteOf(quota.reason)] };
  const notes: string[] = [];
  const admit = (pid: number): void => {
    const refusal = quota.admit(pid);
    if (refusal !== undefined) notes.push(noteOf(refusal));
  };
  return { admit, notes, release: () => quotas.remove(name) };
}

/** The quota of an attempt that an earlier agent launched. */
export function launchedQuota(key: AttemptKey, { limits, quotas }: Limited): StepQuota {
  if (cpuQuotaOf(limits, availableParallelism()) === undefined) return none;
  const { problem } = quotas;
  const notes = problem === undefined ? [] : [noteOf(problem)];
  return { ...none, notes, release: () => quotas.remove(attemptName(key)) };
}

function noteOf(reason: string): string {
  return `its limits "cpu" and "cores" are not in force: ${reason}`;
}
