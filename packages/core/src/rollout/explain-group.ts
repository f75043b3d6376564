import { assertNever } from "../assert.ts";
import {
  decideGroup,
  type GroupContext,
  type GroupSnapshot,
  type HaltCause,
  type RestCause,
} from "./decide-group.ts";
import { batchAt, batchCount } from "./batch.ts";
import type { GroupRules } from "./group-rules.ts";

/** What keeps a group from moving, with the numbers that a person needs. Each ends by an event of its own. */
export type GroupWait =
  | { readonly kind: "paused" }
  | {
      readonly kind: "quorum";
      readonly onlineCount: number;
      readonly requiredCount: number;
      readonly deadlineAt: number | null;
    }
  | {
      readonly kind: "barrier";
      /** From 1; by the group's batch size. */
      readonly batchNumber: number;
      readonly batchCount: number;
      readonly openCount: number;
    }
  | {
      readonly kind: "soak";
      /** The batch that was the last one. */
      readonly batchNumber: number;
      readonly batchCount: number;
      /** When the next one starts (Unix ms). */
      readonly soakUntil: number;
    }
  /** Which budget, and who uses it, is not the group's to say. */
  | { readonly kind: "budget"; readonly openCount: number }
  | { readonly kind: "window"; readonly openCount: number; readonly windowSize: number }
  | { readonly kind: "last-runs"; readonly openCount: number }
  | { readonly kind: "stopping"; readonly halt: HaltCause; readonly openCount: number };

/**
 * Why a group does not move now; empty exactly when it does, or has ended. It asks `decideGroup`, so it cannot say anything
 * else than what is done. Behind a pause follows what would keep the group from moving without it.
 */
export function explainGroup(
  rules: GroupRules,
  group: GroupSnapshot,
  context: GroupContext,
): readonly GroupWait[] {
  const decision = decideGroup(rules, group, context);
  if (decision.kind !== "rest" || decision.because === "ended") return [];
  const wait = waitFor(decision.because, { rules, group, context });
  if (wait.kind !== "paused") return [wait];
  return [wait, ...explainGroup(rules, group, { ...context, isPaused: false })];
}

interface Situation {
  readonly rules: GroupRules;
  readonly group: GroupSnapshot;
  readonly context: GroupContext;
}

function waitFor(
  because: Exclude<RestCause, "ended">,
  { rules, group, context }: Situation,
): GroupWait {
  const openCount = group.counts.inFlight;
  switch (because) {
    case "paused":
      return { kind: "paused" };
    case "quorum":
      return {
        kind: "quorum",
        onlineCount: context.onlineCount,
        requiredCount: rules.minReadyCount,
        deadlineAt: group.deadlineAt,
      };
    case "barrier":
      return {
        kind: "barrier",
        ...batchOf(rules, group),
        openCount,
      };
    case "soak":
      return { kind: "soak", ...batchOf(rules, group), soakUntil: group.soakUntil ?? 0 };
    case "budget":
      return { kind: "budget", openCount };
    case "window":
      return { kind: "window", openCount, windowSize: rules.batchSizes[0] };
    case "last-runs":
      return { kind: "last-runs", openCount };
    case "stopping":
      return { kind: "stopping", halt: group.halt ?? "cancel", openCount };
    default:
      return assertNever(because, "rest cause");
  }
}

function batchOf(
  { batchSizes }: GroupRules,
  { batchEnd, nodeCount }: GroupSnapshot,
): { readonly batchNumber: number; readonly batchCount: number } {
  return {
    batchNumber: batchAt(batchSizes, { position: Math.max(0, batchEnd - 1), nodeCount }).number,
    batchCount: batchCount(batchSizes, nodeCount),
  };
}
