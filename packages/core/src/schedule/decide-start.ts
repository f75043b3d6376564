import type { NextExecution } from "./next-execution.ts";

/** What happens to an instance that is to start now. */
export type StartDecision =
  | { readonly kind: "start" }
  /** A freeze is in the way until `notBefore` (Unix ms). */
  | { readonly kind: "hold"; readonly notBefore: number; readonly reason: string }
  /** An instance under way is; this one starts when it has ended. */
  | { readonly kind: "queue"; readonly reason: string }
  | { readonly kind: "drop"; readonly reason: string };

/** Decides by the freezes and the job's overlap policy. `freeze` is the first free instant from `now` (Unix ms) on. */
export function decideStart(standing: {
  readonly now: number;
  readonly freeze: NextExecution;
  readonly overlapPolicy: "queue" | "skip" | "allow";
  readonly isInstanceOpen: boolean;
}): StartDecision {
  const { now, freeze, overlapPolicy, isInstanceOpen } = standing;
  if (freeze.nextAt !== now) {
    const label = freeze.blocked[0]?.label ?? "an exception";
    const notBefore = freeze.nextAt ?? freeze.reviewAt ?? now;
    return { kind: "hold", notBefore, reason: `held back by ${label}` };
  }
  if (!isInstanceOpen || overlapPolicy === "allow") return { kind: "start" };
  const reason = "an instance of the job has not ended";
  if (overlapPolicy === "queue") return { kind: "queue", reason };
  return { kind: "drop", reason: `${reason}, and its overlapPolicy is skip` };
}
