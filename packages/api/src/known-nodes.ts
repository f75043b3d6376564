import { CourierError } from "@courier/core";
import {
  findNodeByIdentifier,
  findNodesByIdentifiers,
  type Db,
  type NodeRow,
} from "@courier/store";
import { found } from "./not-found.ts";

const namedInMessage = 3;

/** The node that a path names by id or name, also an archived one; throws NODE_NOT_FOUND when there is none. */
export async function requireNode(db: Db, identifier: string): Promise<NodeRow> {
  const node = await findNodeByIdentifier(db, identifier);
  return found(node, { code: "NODE_NOT_FOUND", what: "node", id: identifier });
}

/** The ids of nodes that a body names by id or name; throws NODE_UNKNOWN with the pointer of each that does not exist. */
export async function requireNodes(
  db: Db,
  identifiers: readonly string[],
  pointer: string,
): Promise<string[]> {
  const known = await findNodesByIdentifiers(db, identifiers);
  const missing = identifiers.flatMap((identifier, index) =>
    known.has(identifier) ? [] : [{ identifier, index }],
  );
  if (missing.length > 0) {
    throw new CourierError(
      "NODE_UNKNOWN",
      unknownMessage(
        "the body",
        "node",
        missing.map(({ identifier }) => identifier),
      ),
      {
        details: missing.map(({ identifier, index }) => ({
          pointer: `${pointer}/${index}`,
          message: `there is no node ${JSON.stringify(identifier)}`,
        })),
      },
    );
  }
  return identifiers.flatMap((identifier) => known.get(identifier) ?? []);
}

/** One sentence that names the first few things that do not exist. */
export function unknownMessage(where: string, what: string, missing: readonly string[]): string {
  const named = missing
    .slice(0, namedInMessage)
    .map((name) => JSON.stringify(name))
    .join(", ");
  const more = missing.length - namedInMessage;
  const isOne = missing.length === 1;
  const things = isOne ? `a ${what}` : `${what}s`;
  return `${where} names ${things} that ${isOne ? "does" : "do"} not exist: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
