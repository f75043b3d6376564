import { resolveAmount, resolveBatchSizes, type Amount, type BatchSize } from "./amount.ts";
import type { Criterion } from "./criteria.ts";
import type { HaltOn } from "./halt-on.ts";

/** What the scheduler does with a node that is offline when its turn comes (semantics.md section 4). */
export type OfflinePolicy = "wait" | "fail" | "skip";

/** The part of a canonical group that rules its rollout. */
export interface GroupSpec {
  readonly batchSize?: BatchSize;
  readonly distributionMethod: "batching" | "rolling";
  readonly successCriteria: readonly Criterion[];
  readonly timeoutSeconds: number;
  readonly soakSeconds?: number;
  readonly haltOn?: HaltOn;
  readonly earlyTermination?: boolean;
  readonly minReady?: Amount;
  readonly offlinePolicy?: OfflinePolicy;
  readonly onEmpty?: "fail" | "succeed";
}

/** A group's rules with every amount resolved against its node count. */
export interface GroupRules {
  /** Sizes of the batches in order, the last one repeats; a rolling window has the first. */
  readonly batchSizes: readonly [number, ...number[]];
  readonly distributionMethod: "batching" | "rolling";
  readonly criteria: readonly Criterion[];
  /** 0 = no limit. */
  readonly timeoutMs: number;
  /** From the end of a batch to the start of the next one. */
  readonly soakMs: number;
  readonly haltOn: HaltOn;
  readonly earlyTermination: boolean;
  /** Nodes that must be online before anything starts; 0 = no quorum. */
  readonly minReadyCount: number;
  readonly offlinePolicy: OfflinePolicy;
  readonly onEmpty: "fail" | "succeed";
}

/** Resolves a group's specification for `nodeCount` nodes. */
export function resolveGroupRules(spec: GroupSpec, nodeCount: number): GroupRules {
  return {
    batchSizes: resolveBatchSizes(spec.batchSize, nodeCount),
    distributionMethod: spec.distributionMethod,
    criteria: spec.successCriteria,
    timeoutMs: spec.timeoutSeconds * 1000,
    soakMs: (spec.soakSeconds ?? 0) * 1000,
    haltOn: spec.haltOn ?? {},
    earlyTermination: spec.earlyTermination ?? false,
    minReadyCount: spec.minReady === undefined ? 0 : resolveAmount(spec.minReady, nodeCount, "up"),
    offlinePolicy: spec.offlinePolicy ?? "wait",
    onEmpty: spec.onEmpty ?? "fail",
  };
}
