import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import type { NodeSkill } from "../target/node-facts.ts";

/** A node as a plan looks at it. */
export interface PlannedNode {
  readonly id: string;
  readonly name: string;
  readonly isOnline: boolean;
  /** It has been admitted, and nobody has approved it yet: it cannot come online before. */
  readonly isUnapproved: boolean;
  /** What it says of its kernel, such as `Linux`; "" when it has said nothing yet. */
  readonly kernelName: string;
  /** Empty when it has said nothing yet. */
  readonly skills: readonly NodeSkill[];
}

/** A group with the nodes that it stands for now, in the order in which they get their runs. */
export interface PlannedGroup {
  readonly group: CanonicalGroup;
  readonly nodes: readonly PlannedNode[];
}

/** A disruption budget that some of a plan's nodes fall under. */
export interface PlannedBudget {
  readonly id: string;
  readonly name: string;
  /** How many nodes may be under change at once. */
  readonly maxCount: number;
  /** Nodes that it is about. */
  readonly nodeCount: number;
  /** Those of them that are under change now. */
  readonly underChangeCount: number;
  /** Those of them that the plan is about. */
  readonly nodeIds: ReadonlySet<string>;
}

/** A job with the nodes of all its groups. */
export interface PlannedJob {
  readonly job: CanonicalJob;
  readonly groups: readonly PlannedGroup[];
  /** Disruption budgets that some of the nodes fall under. */
  readonly budgets: readonly PlannedBudget[];
}
