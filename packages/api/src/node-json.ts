import { mergeAttributes, type NodeAttributes } from "@courier/core";
import type { FleetNode } from "@courier/schema";
import type { NodeRow } from "@courier/store";
import { rfc3339, rfc3339OrNull } from "./rfc3339.ts";

/** A node as the fleet's lists show it. */
export function nodeItem(row: NodeRow): FleetNode {
  // The column holds what validated JSON was written to it.
  const skills = JSON.parse(row.skills) as FleetNode["skills"];
  const lastSeenAt = rfc3339OrNull(row.lastSeenAt);
  return {
    agentVersion: row.agentVersion,
    // The columns hold what validated JSON was written to them.
    attributes: mergeAttributes(
      JSON.parse(row.attributes) as NodeAttributes,
      JSON.parse(row.userAttributes) as NodeAttributes,
    ),
    checkedinAt: lastSeenAt,
    createdAt: rfc3339(row.createdAt),
    enrollmentLevel: row.archivedAt === null ? row.enrollmentLevel : "archived",
    healthStatus: row.online ? "online" : "offline",
    id: row.id,
    installedSkills: skills.map(({ name, version }) => ({ canister: { version }, name })),
    lastSeenAt,
    name: row.name,
    skills,
  };
}
