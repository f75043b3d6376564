import type { AbsentCounts } from "../rollout/describe-group.ts";
import type { PlannedNode } from "./planned-target.ts";

/** How many of the nodes could not be given a run now, by what would have to happen; each counts once. */
export function countAbsent(nodes: readonly PlannedNode[]): AbsentCounts {
  const absent = nodes.filter(({ isOnline }) => !isOnline);
  const unapprovedCount = absent.filter(({ isUnapproved }) => isUnapproved).length;
  return { offlineCount: absent.length - unapprovedCount, unapprovedCount };
}
