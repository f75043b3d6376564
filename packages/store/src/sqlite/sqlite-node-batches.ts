import type { TouchNodes } from "../batches.ts";
import type { NodeConnection, NodeDisconnection, PreviousNode } from "../nodes.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** See `Batches.setNodesOnline`. */
export function setNodesOnline(
  connection: SqliteConnection,
  connections: readonly NodeConnection[],
): PreviousNode[] {
  // Unique index on nodes.id.
  const select = connection.prepare(
    `SELECT seq, id AS nodeId, journal_id AS journalId, attributes, user_attributes AS userAttributes, skills
     FROM nodes WHERE id = ?`,
  );
  const update = connection.prepare(
    `UPDATE nodes SET online = 1, offline_since = NULL, session_id = ?, boot_id = ?, journal_id = ?, agent_version = ?,
       attributes = ?, skills = ?, connected_at = ?, last_seen_at = ?, updated_at = ? WHERE id = ?`,
  );
  const previous: PreviousNode[] = [];
  for (const node of connections) {
    // The columns are those that the statement names.
    const row = select.get(node.nodeId) as PreviousNode | undefined;
    if (row === undefined) continue;
    const { sessionId, bootId, journalId, agentVersion, attributes, skills, now, nodeId } = node;
    const session = [sessionId, bootId, journalId, agentVersion];
    update.run(...session, attributes, skills, now, now, now, nodeId);
    previous.push(row);
  }
  return previous;
}

/** See `Batches.setNodesOffline`. */
export function setNodesOffline(
  connection: SqliteConnection,
  disconnections: readonly NodeDisconnection[],
): string[] {
  // Unique index on nodes.id.
  const update = connection.prepare(
    `UPDATE nodes SET online = 0, offline_since = ?, session_id = NULL, updated_at = ? WHERE id = ? AND session_id = ?`,
  );
  return disconnections
    .filter(({ nodeId, sessionId, now }) => update.run(now, now, nodeId, sessionId).changes !== 0)
    .map(({ nodeId }) => nodeId);
}

/** See `Batches.touchNodes`. */
export function touchNodes(connection: SqliteConnection, options: TouchNodes): void {
  // Unique index on nodes.id.
  const update = connection.prepare("UPDATE nodes SET last_seen_at = ? WHERE id = ?");
  for (const id of options.nodeIds) update.run(options.now, id);
}
