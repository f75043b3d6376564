import type { FleetNode } from "@courier/schema";
import type { NodeRow } from "@courier/store";
import { rfc3339, rfc3339OrNull } from "./rfc3339.ts";

/** A node as the fleet's lists show it. */
export function nodeItem(row: NodeRow): FleetNode {
  return {
    agentVersion: row.agentVersion,
    // The column holds what validated JSON was written to it.
    attributes: JSON.parse(row.attributes) as FleetNode["attributes"],
    createdAt: rfc3339(row.createdAt),
    enrollmentLevel: row.archivedAt === null ? row.enrollmentLevel : "archived",
    healthStatus: row.online ? "online" : "offline",
    id: row.id,
    lastSeenAt: rfc3339OrNull(row.lastSeenAt),
    name: row.name,
  };
}
