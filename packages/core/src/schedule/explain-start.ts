import type { JobStatus } from "../state/job-state.ts";

/** What keeps a job from starting an instance now. Times are Unix ms. */
export type StartWait =
  /** It starts nothing until somebody activates it. */
  | { readonly kind: "inactive" }
  /** It starts nothing any more by its schedule. */
  | { readonly kind: "over"; readonly status: "completed" | "canceled" }
  /** A start is held back by exceptions until then. */
  | { readonly kind: "freeze"; readonly until: number; readonly reason: string }
  /** An occurrence waits for an instance of the job to end. */
  | { readonly kind: "overlap"; readonly nominalAt: number | null }
  /** Its next occurrence has not come. */
  | { readonly kind: "schedule"; readonly until: number }
  /** All of its occurrences in sight are blocked. */
  | { readonly kind: "blocked" };

/** Where a job stands between its instances. */
export interface JobStanding {
  readonly status: JobStatus;
  readonly now: number;
  readonly nextAt: number | null;
  /** What holds its next time back, in words; "" when nothing does. */
  readonly blockedBy: string;
  /** An occurrence that waits for the instance under way. */
  readonly queuedAt: number | null;
  /** A start that `decideStart` has held back; `notBefore` is null when it waits for an instance. */
  readonly held: { readonly notBefore: number | null; readonly reason: string } | undefined;
  readonly isInstanceOpen: boolean;
}

/** Says why a job has no new instance now; empty: it is about to have one. What waits already comes first. */
export function explainStart(job: JobStanding): readonly StartWait[] {
  const { held, queuedAt } = job;
  const waits: StartWait[] = [];
  if (held !== undefined && held.notBefore !== null && held.notBefore > job.now) {
    waits.push({ kind: "freeze", until: held.notBefore, reason: held.reason });
  }
  const waitsForInstance = queuedAt !== null || held?.notBefore === null;
  if (waitsForInstance && job.isInstanceOpen) waits.push({ kind: "overlap", nominalAt: queuedAt });
  switch (job.status) {
    case "inactive":
      return [...waits, { kind: "inactive" }];
    case "completed":
    case "canceled":
      return held === undefined ? [...waits, { kind: "over", status: job.status }] : waits;
    case "active":
      return [...waits, ...scheduleWait(job)];
  }
}

function scheduleWait({ nextAt, now, blockedBy }: JobStanding): readonly StartWait[] {
  if (nextAt === null) return [{ kind: "blocked" }];
  if (nextAt <= now) return [];
  return blockedBy === ""
    ? [{ kind: "schedule", until: nextAt }]
    : [{ kind: "freeze", until: nextAt, reason: blockedBy }];
}
