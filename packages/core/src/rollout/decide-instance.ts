import { isGroupFinal, type GroupStatus } from "../state/group-state.ts";

/** A group as the instance sees it. */
export interface GroupStanding {
  readonly groupNumber: number;
  readonly status: GroupStatus;
}

/** What the instance's groups may do now. */
export interface InstancePlan {
  /** Groups that may advance. */
  readonly active: readonly number[];
  /** Groups that will never start because an earlier one did not succeed (sequential targets only). */
  readonly barred: readonly number[];
  /** The instance's verdict once every group has ended. */
  readonly verdict: "success" | "failure" | null;
}

/** Decides which groups move: one after the other, or all at once (semantics.md section 4). */
export function planInstance(
  executionType: "sequential" | "parallel",
  groups: readonly GroupStanding[],
): InstancePlan {
  const open = groups.filter((group) => !isGroupFinal(group.status));
  if (open.length === 0) {
    const isSuccess = groups.every((group) => group.status === "success");
    return { active: [], barred: [], verdict: isSuccess ? "success" : "failure" };
  }
  const numbers = open.map((group) => group.groupNumber);
  if (executionType === "parallel") return { active: numbers, barred: [], verdict: null };
  const isBroken = groups.some((group) => isGroupFinal(group.status) && group.status !== "success");
  if (isBroken) return { active: numbers, barred: numbers, verdict: null };
  return { active: numbers.slice(0, 1), barred: [], verdict: null };
}
