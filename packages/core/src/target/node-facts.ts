/** Attributes by namespace. */
export type NodeAttributes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Something a node can execute steps with, or its agent. */
export interface NodeSkill {
  readonly name: string;
  readonly version: string;
}

/** One attribute as filters see it. */
export interface NodeAttribute {
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

/** A node's attributes: what users set stands in place of what the node reports under the same namespace and name. */
export function mergeAttributes(
  reported: NodeAttributes,
  setByUsers: NodeAttributes,
): NodeAttributes {
  const namespaces = new Set([...Object.keys(reported), ...Object.keys(setByUsers)]);
  return Object.fromEntries(
    [...namespaces].map((namespace) => [
      namespace,
      { ...reported[namespace], ...setByUsers[namespace] },
    ]),
  );
}

/** Every attribute on its own; a value that is no text stands as JSON. */
export function listAttributes(attributes: NodeAttributes): NodeAttribute[] {
  return Object.entries(attributes).flatMap(([namespace, values]) =>
    Object.entries(values).map(([name, value]) => ({
      namespace,
      name,
      value: typeof value === "string" ? value : JSON.stringify(value),
    })),
  );
}
