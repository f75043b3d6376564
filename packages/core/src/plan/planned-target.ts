import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import type { NodeSkill } from "../target/node-facts.ts";

/** A node as a plan looks at it. */
export interface PlannedNode {
  readonly id: string;
  readonly name: string;
  readonly isOnline: boolean;
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

/** A job with the nodes of all its groups. */
export interface PlannedJob {
  readonly job: CanonicalJob;
  readonly groups: readonly PlannedGroup[];
}
