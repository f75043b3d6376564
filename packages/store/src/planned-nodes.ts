import type { NodeSkill, PlannedNode } from "@courier/core";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { reading } from "./handle.ts";

/** What a plan looks at of nodes, by id: few columns, because a plan may be about all nodes there are. */
export async function findPlannedNodes(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, PlannedNode>> {
  const found = new Map<string, PlannedNode>();
  for (const part of inParts(ids)) {
    // Unique index on nodes.id, primary key of node_attributes.
    const rows = await reading(db)
      .selectFrom("nodes")
      .leftJoin("node_attributes", (join) =>
        join
          .onRef("node_attributes.node_seq", "=", "nodes.seq")
          .on("node_attributes.namespace", "=", "agent")
          .on("node_attributes.name", "=", "kernel_name"),
      )
      .select([
        "nodes.id",
        "nodes.name",
        "nodes.online",
        "nodes.skills",
        "nodes.enrollment_level as level",
      ])
      .select("node_attributes.value as kernelName")
      .where("nodes.id", "in", part)
      .execute();
    for (const { id, name, online, level, skills, kernelName } of rows) {
      found.set(id, {
        ...{ id, name, isOnline: online === 1, isUnapproved: level === "admitted" },
        kernelName: kernelName ?? "",
        // The column holds what validated JSON was written to it.
        skills: JSON.parse(skills) as NodeSkill[],
      });
    }
  }
  return found;
}
