import { isGroupFinal } from "../state/group-state.ts";
import type { InstanceStatus } from "../state/instance-state.ts";
import type { GroupContext, GroupSnapshot } from "./decide-group.ts";
import { planInstance } from "./decide-instance.ts";
import { explainGroup, type GroupWait } from "./explain-group.ts";
import type { GroupRules } from "./group-rules.ts";

/** A group waits for itself, or for an earlier one of its sequential target. */
export type InstanceWait =
  | GroupWait
  | { readonly kind: "earlier-group"; readonly groupNumber: number };

/** What an explanation is made from: what the scheduler decides from. */
export interface ExplainableInstance {
  readonly status: InstanceStatus;
  readonly executionType: "sequential" | "parallel";
  readonly isPaused: boolean;
}

/** A group of it. */
export interface ExplainableGroup {
  readonly groupNumber: number;
  readonly rules: GroupRules;
  readonly snapshot: GroupSnapshot;
  readonly onlineCount: number;
}

/** Why one group does not move. No waits: it is moving now, or has ended. */
export interface GroupExplanation {
  readonly groupNumber: number;
  readonly waits: readonly InstanceWait[];
}

/** Says for every group why it does not move, by the functions that move it (`planInstance`, `decideGroup`). */
export function explainInstance(
  instance: ExplainableInstance,
  groups: readonly ExplainableGroup[],
  now: number,
): readonly GroupExplanation[] {
  const plan = planInstance(
    instance.executionType,
    groups.map(({ groupNumber, snapshot }) => ({ groupNumber, status: snapshot.status })),
  );
  return groups.map((group) => {
    const { groupNumber } = group;
    const { isPaused } = instance;
    const isCancelling = instance.status === "cancelling";
    // A cancel halts every group, a barred one is halted when it is looked at: the next look moves both.
    const isAboutToHalt =
      group.snapshot.halt === null && (isCancelling || plan.barred.includes(groupNumber));
    if (isGroupFinal(group.snapshot.status) || isAboutToHalt) return { groupNumber, waits: [] };
    const [first] = plan.active;
    if (!plan.active.includes(groupNumber) && first !== undefined) {
      return { groupNumber, waits: [{ kind: "earlier-group", groupNumber: first }] };
    }
    return { groupNumber, waits: explainGroup(group.rules, group.snapshot, contextOf(group)) };

    function contextOf({ onlineCount }: ExplainableGroup): GroupContext {
      // What disruption budgets hold back is tried again whenever one has room.
      return { now, onlineCount, isPaused, isHeldTried: true };
    }
  });
}
