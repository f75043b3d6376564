import {
  listAttributes,
  mergeAttributes,
  type NodeAttributes,
  type NodeSkill,
} from "@courier/core";
import { inParts } from "./in-parts.ts";
import type { TransactionHandle } from "./handle.ts";
import { storableText } from "./storable-text.ts";

/** The JSON columns of a node that filters compare. */
export interface NodeFacts {
  readonly seq: number;
  /** JSON text: what the node reported. */
  readonly attributes: string;
  /** JSON text: what users set. */
  readonly userAttributes: string;
  /** JSON text. */
  readonly skills: string;
}

/** Writes the rows that filters compare anew, so that they say what the JSON columns say. */
export async function replaceNodeFacts(
  { kysely }: TransactionHandle,
  nodes: readonly NodeFacts[],
): Promise<void> {
  for (const part of inParts(nodes)) {
    const seqs = part.map(({ seq }) => seq);
    await kysely.deleteFrom("node_attributes").where("node_seq", "in", seqs).execute();
    await kysely.deleteFrom("node_skills").where("node_seq", "in", seqs).execute();
  }
  for (const part of inParts(nodes.flatMap(attributeRows))) {
    await kysely
      .insertInto("node_attributes")
      .values(part)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  for (const part of inParts(nodes.flatMap(skillRows))) {
    await kysely
      .insertInto("node_skills")
      .values(part)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function attributeRows({ seq, attributes, userAttributes }: NodeFacts): {
  node_seq: number;
  namespace: string;
  name: string;
  value: string;
}[] {
  // Both columns hold what validated JSON was written to them.
  const reported = JSON.parse(attributes) as NodeAttributes;
  const setByUsers = JSON.parse(userAttributes) as NodeAttributes;
  return listAttributes(mergeAttributes(reported, setByUsers)).map((attribute) => ({
    node_seq: seq,
    namespace: storableText(attribute.namespace),
    name: storableText(attribute.name),
    value: storableText(attribute.value),
  }));
}

function skillRows({
  seq,
  skills,
}: NodeFacts): { node_seq: number; name: string; version: string }[] {
  // The column holds what validated JSON was written to it.
  const list = JSON.parse(skills) as readonly NodeSkill[];
  return list.map(({ name, version }) => ({
    node_seq: seq,
    name: storableText(name),
    version: storableText(version),
  }));
}
