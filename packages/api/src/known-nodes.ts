import { CourierError } from "@courier/core";
import type { CanonicalGroup, TemplateRemark } from "@courier/schema";
import { findNodesByIdentifiers, type Db } from "@courier/store";
import { detailsOf, type CheckedTemplate } from "./checked-template.ts";

/** Throws NODE_UNKNOWN, naming each place in the template, when a target names a node that does not exist. */
export async function requireKnownNodes(db: Db, template: CheckedTemplate): Promise<void> {
  const { groups } = template.job.target;
  const identifiers = [...new Set(groups.flatMap(identifiersIn))];
  const known = await findNodesByIdentifiers(db, identifiers);
  if (known.size === identifiers.length) return;
  const remarks = groups.flatMap((group, groupIndex) =>
    identifiersIn(group).flatMap((identifier, index) =>
      known.has(identifier)
        ? []
        : [remarkOn(identifier, `/target/groups/${groupIndex}/nodeIdentifiers/${index}`)],
    ),
  );
  const missing = identifiers.filter((identifier) => !known.has(identifier));
  throw new CourierError("NODE_UNKNOWN", messageFor(missing), {
    details: detailsOf(await template.locate(remarks)),
  });
}

function identifiersIn({ nodeListType, nodeIdentifiers }: CanonicalGroup): readonly string[] {
  return nodeListType === "nodes" ? nodeIdentifiers : [];
}

function remarkOn(identifier: string, pointer: string): TemplateRemark {
  return { pointer, message: `there is no node ${JSON.stringify(identifier)}` };
}

const namedInMessage = 3;

function messageFor(missing: readonly string[]): string {
  const named = missing
    .slice(0, namedInMessage)
    .map((name) => JSON.stringify(name))
    .join(", ");
  const more = missing.length - namedInMessage;
  return `the target names ${missing.length === 1 ? "a node" : "nodes"} that ${missing.length === 1 ? "does" : "do"} not exist: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
