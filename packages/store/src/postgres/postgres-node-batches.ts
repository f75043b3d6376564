import type { TouchNodes } from "../batches.ts";
import type { NodeConnection, NodeDisconnection, PreviousJournal } from "../nodes.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

/** See `Batches.setNodesOnline`. */
export async function setNodesOnline(
  client: Queryable,
  connections: readonly NodeConnection[],
): Promise<PreviousJournal[]> {
  // Unique index on nodes.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT nodes.seq, nodes.journal_id AS previous, node.*
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
        AS node (node_id, session, boot, journal, version, facts, now)
      JOIN nodes ON nodes.id = node.node_id
      ORDER BY nodes.seq FOR UPDATE OF nodes)
    UPDATE nodes SET online = 1, offline_since = NULL, session_id = claimed.session, boot_id = claimed.boot,
      journal_id = claimed.journal, agent_version = claimed.version, attributes = claimed.facts,
      connected_at = claimed.now, last_seen_at = claimed.now, updated_at = claimed.now
    FROM claimed WHERE nodes.seq = claimed.seq
    RETURNING nodes.id AS "nodeId", claimed.previous AS "journalId"`;
  return await queryRows(client, {
    text,
    values: [
      connections.map(({ nodeId }) => nodeId),
      connections.map(({ sessionId }) => sessionId),
      connections.map(({ bootId }) => bootId),
      connections.map(({ journalId }) => journalId),
      connections.map(({ agentVersion }) => agentVersion),
      connections.map(({ attributes }) => attributes),
      connections.map(({ now }) => now),
    ],
  });
}

/** See `Batches.setNodesOffline`. */
export async function setNodesOffline(
  client: Queryable,
  disconnections: readonly NodeDisconnection[],
): Promise<string[]> {
  // Unique index on nodes.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT nodes.seq, node.now
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS node (node_id, session, now)
      JOIN nodes ON nodes.id = node.node_id AND nodes.session_id = node.session
      ORDER BY nodes.seq FOR UPDATE OF nodes)
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
      SELECT seq FROM nodes WHERE id = ANY ($1::text[]) ORDER BY seq FOR UPDATE)
    UPDATE nodes SET last_seen_at = $2 FROM claimed WHERE nodes.seq = claimed.seq`;
  await queryRows(client, { text, values: [options.nodeIds, options.now] });
}
