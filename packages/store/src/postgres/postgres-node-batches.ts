import type { TouchNodes } from "../batches.ts";
import type { NodeConnection, NodeDisconnection, PreviousNode } from "../nodes.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

/** See `Batches.setNodesOnline`. */
export async function setNodesOnline(
  client: Queryable,
  unsorted: readonly NodeConnection[],
): Promise<PreviousNode[]> {
  const connections = unsorted.toSorted(byNodeId);
  // Unique index on nodes.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT known.*, node.*
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
        AS node (node_id, session, boot, journal, version, facts, abilities, now),
        LATERAL (SELECT seq, journal_id, attributes, user_attributes, skills FROM nodes
          WHERE id = node.node_id FOR UPDATE) AS known)
    UPDATE nodes SET online = 1, offline_since = NULL, session_id = claimed.session, boot_id = claimed.boot,
      journal_id = claimed.journal, agent_version = claimed.version, attributes = claimed.facts,
      skills = claimed.abilities, connected_at = claimed.now, last_seen_at = claimed.now, updated_at = claimed.now
    FROM claimed WHERE nodes.seq = claimed.seq
    RETURNING nodes.id AS "nodeId", nodes.seq, claimed.journal_id AS "journalId", claimed.attributes,
      claimed.user_attributes AS "userAttributes", claimed.skills`;
  return await queryRows(client, {
    text,
    values: [
      connections.map(({ nodeId }) => nodeId),
      connections.map(({ sessionId }) => sessionId),
      connections.map(({ bootId }) => bootId),
      connections.map(({ journalId }) => journalId),
      connections.map(({ agentVersion }) => agentVersion),
      connections.map(({ attributes }) => attributes),
      connections.map(({ skills }) => skills),
      connections.map(({ now }) => now),
    ],
  });
}

/** See `Batches.setNodesOffline`. */
export async function setNodesOffline(
  client: Queryable,
  unsorted: readonly NodeDisconnection[],
): Promise<string[]> {
  const disconnections = unsorted.toSorted(byNodeId);
  // Unique index on nodes.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT known.seq, node.now
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS node (node_id, session, now),
        LATERAL (SELECT seq FROM nodes WHERE id = node.node_id AND session_id = node.session FOR UPDATE) AS known)
    UPDATE nodes SET online = 0, offline_since = claimed.now, session_id = NULL, updated_at = claimed.now
    FROM claimed WHERE nodes.seq = claimed.seq
    RETURNING nodes.id`;
  const rows = await queryRows<{ id: string }>(client, {
    text,
    values: [
      disconnections.map(({ nodeId }) => nodeId),
      disconnections.map(({ sessionId }) => sessionId),
      disconnections.map(({ now }) => now),
    ],
  });
  return rows.map(({ id }) => id);
}

/** See `Batches.touchNodes`. */
export async function touchNodes(client: Queryable, options: TouchNodes): Promise<void> {
  // Unique index on nodes.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT known.seq FROM unnest($1::text[]) AS node (node_id),
        LATERAL (SELECT seq FROM nodes WHERE id = node.node_id FOR UPDATE) AS known)
    UPDATE nodes SET last_seen_at = $2 FROM claimed WHERE nodes.seq = claimed.seq`;
  await queryRows(client, { text, values: [options.nodeIds.toSorted(), options.now] });
}

/** Everyone locks nodes in the order of their ids, so that two batches cannot deadlock. */
function byNodeId(left: { readonly nodeId: string }, right: { readonly nodeId: string }): number {
  return left.nodeId < right.nodeId ? -1 : 1;
}
