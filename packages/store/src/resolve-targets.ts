import { setIdentifiersIn, setKindOf } from "@courier/core";
import type { CanonicalGroup, FilterConstraints } from "@courier/schema";
import type { Db } from "./database.ts";
import { findFilteredNodes } from "./filtered-nodes.ts";
import { findNodeSet, listNodeSetMembers, type NodeSetRow } from "./node-sets.ts";
import { findNodesByIdentifiers } from "./nodes.ts";

/**
 * The node ids of each group of a target, in the order in which they get their runs. A node twice in one group counts
 * once; archived nodes and what no longer exists are left out (semantics.md section 4).
 */
export async function resolveTargets(
  db: Db,
  groups: readonly CanonicalGroup[],
): Promise<string[][]> {
  const [targets = []] = await resolveTargetsOfAll(db, [groups]);
  return targets;
}

/** The same for many targets; the nodes that they name are looked up together. */
export async function resolveTargetsOfAll(
  db: Db,
  all: readonly (readonly CanonicalGroup[])[],
): Promise<string[][][]> {
  const named = all.flat().filter(({ nodeListType }) => nodeListType === "nodes");
  const identifiers = named.flatMap(({ nodeIdentifiers }) => nodeIdentifiers);
  const found = await findNodesByIdentifiers(db, identifiers);
  const targets: string[][][] = [];
  for (const groups of all) {
    const nodeIds: string[][] = [];
    for (const group of groups) nodeIds.push([...new Set(await resolveGroup(db, group, found))]);
    targets.push(nodeIds);
  }
  return targets;
}

async function resolveGroup(
  db: Db,
  group: CanonicalGroup,
  found: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { nodeListType, nodeIdentifiers, filter } = group;
  switch (nodeListType) {
    case "nodes":
      return nodeIdentifiers.flatMap((identifier) => found.get(identifier) ?? []);
    case "filter":
      return await findFilteredNodes(db, filter?.constraints ?? {});
    case "savedFilter":
    case "savedList":
    case "cohorts":
      return await resolveSets(db, group);
    default:
      return nodeListType;
  }
}

async function resolveSets(db: Db, group: CanonicalGroup): Promise<string[]> {
  const kind = setKindOf(group.nodeListType);
  if (kind === undefined) return [];
  const nodeIds: string[] = [];
  for (const identifier of setIdentifiersIn(group)) {
    const set = await findNodeSet(db, kind, identifier);
    if (set !== undefined) nodeIds.push(...(await findNodesInSet(db, set)));
  }
  return nodeIds;
}

/** The ids of the nodes that a saved filter describes now, or that a list or a cohort holds; archived ones are left out. */
export async function findNodesInSet(db: Db, set: NodeSetRow): Promise<string[]> {
  if (set.kind !== "filter") return await listNodeSetMembers(db, set.id);
  // The column holds what was validated when the filter was saved.
  return await findFilteredNodes(db, JSON.parse(set.constraints) as FilterConstraints);
}
