import { CourierError, setIdentifiersIn, setKindOf } from "@courier/core";
import type { CanonicalGroup } from "@courier/schema";
import { findNodeSet, findNodesByIdentifiers, type Db } from "@courier/store";
import { detailsOf, type CheckedTemplate } from "./checked-template.ts";
import { unknownMessage } from "./known-nodes.ts";

/** A node, filter, list or cohort that a template names and that does not exist. */
interface Missing {
  readonly what: "node" | "filter" | "list" | "cohort";
  readonly identifier: string;
  readonly pointer: string;
}

/**
 * Throws NODE_UNKNOWN, or TARGET_UNKNOWN for filters, lists and cohorts, naming each place in the template where a target
 * names what does not exist (semantics.md section 4).
 */
export async function requireKnownTargets(db: Db, template: CheckedTemplate): Promise<void> {
  const { groups } = template.job.target;
  const missing = [...(await missingNodes(db, groups)), ...(await missingSets(db, groups))];
  const [first] = missing;
  if (first === undefined) return;
  const remarks = missing.map(({ what, identifier, pointer }) => ({
    pointer,
    message: `there is no ${what} ${JSON.stringify(identifier)}`,
  }));
  const alike = missing.filter(({ what }) => what === first.what);
  const names = [...new Set(alike.map(({ identifier }) => identifier))];
  throw new CourierError(
    first.what === "node" ? "NODE_UNKNOWN" : "TARGET_UNKNOWN",
    unknownMessage("the target", first.what, names),
    { details: detailsOf(await template.locate(remarks)) },
  );
}

async function missingNodes(db: Db, groups: readonly CanonicalGroup[]): Promise<Missing[]> {
  const named = groups.map(({ nodeListType, nodeIdentifiers }) =>
    nodeListType === "nodes" ? nodeIdentifiers : [],
  );
  const known = await findNodesByIdentifiers(db, [...new Set(named.flat())]);
  return named.flatMap((identifiers, group) =>
    identifiers.flatMap((identifier, index) => {
      const pointer = `/target/groups/${group}/nodeIdentifiers/${index}`;
      return known.has(identifier) ? [] : [{ what: "node" as const, identifier, pointer }];
    }),
  );
}

async function missingSets(db: Db, groups: readonly CanonicalGroup[]): Promise<Missing[]> {
  const missing: Missing[] = [];
  for (const [groupNumber, group] of groups.entries()) {
    const what = setKindOf(group.nodeListType);
    if (what === undefined) continue;
    for (const [index, identifier] of setIdentifiersIn(group).entries()) {
      if ((await findNodeSet(db, what, identifier)) !== undefined) continue;
      const field = what === "cohort" ? `nodeIdentifiers/${index}` : `${what}Id`;
      missing.push({ what, identifier, pointer: `/target/groups/${groupNumber}/${field}` });
    }
  }
  return missing;
}
