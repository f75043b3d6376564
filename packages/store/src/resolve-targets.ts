import type { CanonicalGroup } from "@courier/schema";
import type { Db } from "./database.ts";
import { findFilteredNodes } from "./filtered-nodes.ts";
import { findNodesByIdentifiers } from "./nodes.ts";

/**
 * The node ids of each group of a target, in the order in which they get their runs. A node twice in one group counts
 * once; archived nodes and what no longer exists are left out (semantics.md section 4).
 */
export async function resolveTargets(
  db: Db,
  groups: readonly CanonicalGroup[],
): Promise<string[][]> {
  const targets: string[][] = [];
  for (const group of groups) targets.push([...new Set(await resolveGroup(db, group))]);
  return targets;
}

async function resolveGroup(db: Db, group: CanonicalGroup): Promise<string[]> {
  const { nodeListType, nodeIdentifiers, filter } = group;
  switch (nodeListType) {
    case "nodes": {
      const found = await findNodesByIdentifiers(db, nodeIdentifiers);
      return nodeIdentifiers.flatMap((identifier) => found.get(identifier) ?? []);
    }
    case "filter":
      return await findFilteredNodes(db, filter?.constraints ?? {});
    case "savedFilter":
    case "savedList":
    case "cohorts":
      throw new Error(`a job with the node list type ${nodeListType} is refused when it is added`);
    default:
      return nodeListType;
  }
}
