import type { GroupRules } from "../rollout/group-rules.ts";
import { describeThresholds, type GroupThresholds } from "../rollout/group-thresholds.ts";
import { haltKinds } from "../rollout/halt-on.ts";
import { listBatches } from "../rollout/list-batches.ts";
import {
  simulateRound,
  type Round,
  type SimulatedGroup,
  type SimulatedTarget,
} from "./simulate-round.ts";

/** Bounds that hold for every course of events, however unlucky. */
export interface WorstCase {
  /** Nodes that are given a run at most. */
  readonly touchedCount: number;
  /** Runs that fail at most before the rollout halts, or ends. */
  readonly failedCount: number;
}

/** The worst that can become of a target; no round is worse. */
export function worstCaseOf(target: SimulatedTarget): WorstCase {
  const groups = target.groups.map(worstOfGroup);
  const worst = { touchedCount: 0, failedCount: 0 };
  const before = { touchedCount: 0, failedCount: 0 };
  for (const group of groups) {
    worst.touchedCount = Math.max(worst.touchedCount, before.touchedCount + group.touchedCount);
    worst.failedCount = Math.max(worst.failedCount, before.failedCount + group.failedCount);
    before.touchedCount += group.touchedCount;
    // The next one of a sequence starts only after this one has succeeded; parallel ones do not wait.
    if (target.executionType === "parallel") before.failedCount += group.failedCount;
    else if (group.failuresWhenItSucceeds === null) break;
    else before.failedCount += group.failuresWhenItSucceeds;
  }
  return worst;
}

interface GroupWorst extends WorstCase {
  /** Null: it cannot succeed. */
  readonly failuresWhenItSucceeds: number | null;
}

function worstOfGroup({ rules, nodeCount }: SimulatedGroup): GroupWorst {
  const { failuresToLose, haltsAt } = describeThresholds(rules, nodeCount);
  const lacksQuorum = nodeCount > 0 && rules.minReadyCount > nodeCount;
  if ((rules.earlyTermination && failuresToLose === 0) || lacksQuorum) {
    return { touchedCount: 0, failedCount: 0, failuresWhenItSucceeds: null };
  }
  const toLose = failuresToLose ?? Number.POSITIVE_INFINITY;
  const endured = enduredOf(haltsAt);
  return {
    touchedCount: nodeCount,
    failedCount: worstHalt(
      rules,
      nodeCount,
      Math.min(rules.earlyTermination ? toLose - 1 : nodeCount, endured),
    ),
    failuresWhenItSucceeds: toLose === 0 ? null : Math.min(nodeCount, toLose - 1, endured),
  };
}

/** Failures of all kinds together that haltOn lets pass; a kind that it does not name has no limit. */
function enduredOf(haltsAt: GroupThresholds["haltsAt"]): number {
  return haltKinds.reduce((sum, kind) => sum + (haltsAt[kind] ?? Number.POSITIVE_INFINITY) - 1, 0);
}

/** As many failures as the group endures, and then everything that is under way fails. */
function worstHalt(rules: GroupRules, nodeCount: number, endured: number): number {
  if (rules.distributionMethod === "rolling") {
    return Math.min(nodeCount, endured + rules.batchSizes[0]);
  }
  const atBatches = listBatches(rules, nodeCount).map(
    ({ from, count }) => Math.min(from, endured) + count,
  );
  return Math.max(0, ...atBatches);
}

/** A round in which every run fails, one after the other, and no time limit or quorum interferes: what a broken change does. */
export function simulateBrokenChange(target: SimulatedTarget): Round {
  let started = 0;
  const groups = target.groups.map(({ rules, nodeCount }) => ({
    nodeCount,
    rules: { ...rules, timeoutMs: 0, minReadyCount: 0 },
  }));
  return simulateRound(
    { executionType: target.executionType, groups },
    {
      isOffline: () => false,
      fateOf: () => {
        started += 1;
        return { outcome: "failure", afterMs: started };
      },
    },
  );
}
