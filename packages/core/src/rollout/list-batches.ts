import { decideGroup, type GroupSnapshot } from "./decide-group.ts";
import type { GroupRules } from "./group-rules.ts";
import { noRuns } from "./run-counts.ts";

/** Consecutive positions of a group that are started together. */
export interface Batch {
  /** First position, from 0. */
  readonly from: number;
  readonly count: number;
}

/**
 * The batches of a group when every run succeeds, as `decideGroup` makes them. A rolling group has one: its window moves
 * over all nodes.
 */
export function listBatches(rules: GroupRules, nodeCount: number): readonly Batch[] {
  const batches: Batch[] = [];
  const calm = { ...rules, minReadyCount: 0, timeoutMs: 0, earlyTermination: false, soakMs: 0 };
  let cursor = 0;
  while (cursor < nodeCount) {
    const decision = decideGroup(calm, standingAt(cursor, nodeCount), noContext);
    if (decision.kind !== "start") break;
    batches.push({ from: cursor, count: decision.batchEnd - cursor });
    cursor = decision.batchEnd;
  }
  return batches;
}

const noContext = { now: 0, onlineCount: 0 };

function standingAt(cursor: number, nodeCount: number): GroupSnapshot {
  return {
    ...{ status: "running", nodeCount, cursor, batchEnd: cursor },
    ...{ halt: null, deadlineAt: null, soakUntil: null, hasHeld: false },
    counts: { ...noRuns, success: cursor },
  };
}
