import type { CanonicalGroup, NodeListType } from "@courier/schema";

/** The kind of set that a node list type names; undefined when it names none. */
export function setKindOf(type: NodeListType): "filter" | "list" | "cohort" | undefined {
  switch (type) {
    case "savedFilter":
      return "filter";
    case "savedList":
      return "list";
    case "cohorts":
      return "cohort";
    case "nodes":
    case "filter":
      return undefined;
    default:
      return type;
  }
}

/** Ids or names of the saved filter, the saved list or the cohorts that a group targets. */
export function setIdentifiersIn(
  group: Pick<CanonicalGroup, "nodeListType" | "filterId" | "listId" | "nodeIdentifiers">,
): readonly string[] {
  switch (setKindOf(group.nodeListType)) {
    case "filter":
      return [group.filterId];
    case "list":
      return [group.listId];
    case "cohort":
      return group.nodeIdentifiers;
    case undefined:
      return [];
  }
}
