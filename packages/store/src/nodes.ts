import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { replaceNodeFacts, type NodeFacts } from "./node-facts.ts";
import { countAll, readPage } from "./read-page.ts";
import { toNodeRow } from "./tables/nodes-table.ts";

/** One machine that runs steps. */
export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly publicKey: string;
  readonly enrollmentLevel: "admitted" | "enrolled";
  readonly online: boolean;
  readonly offlineSince: number | null;
  readonly connectedAt: number | null;
  readonly lastSeenAt: number | null;
  readonly bootId: string;
  readonly journalId: string;
  readonly agentVersion: string;
  /** JSON text: what the node reported. */
  readonly attributes: string;
  /** JSON text: what users set beside it. */
  readonly userAttributes: string;
  /** JSON text. */
  readonly skills: string;
  readonly cohortId: string | null;
  readonly archivedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A node that proved its identity on a session. */
export interface NodeConnection {
  readonly nodeId: string;
  readonly sessionId: string;
  readonly bootId: string;
  readonly journalId: string;
  readonly agentVersion: string;
  /** JSON text. */
  readonly attributes: string;
  /** JSON text. */
  readonly skills: string;
  readonly now: number;
}

/** A session that ended. */
export interface NodeDisconnection {
  readonly nodeId: string;
  readonly sessionId: string;
  readonly now: number;
}

/** The journal a node had before it connected; "" when it never had one. */
export interface PreviousJournal {
  readonly nodeId: string;
  readonly journalId: string;
}

/** What is stored of a node before it connects. */
export interface PreviousNode extends PreviousJournal, NodeFacts {}

/** The node with this id. */
export async function findNode(db: Db, id: string): Promise<NodeRow | undefined> {
  const row = await reading(db)
    .selectFrom("nodes")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row && toNodeRow(row);
}

/** Names of nodes by id; unknown ones are left out, archived ones are not. */
export async function findNodeNames(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)];
  const names = new Map<string, string>();
  for (const part of inParts(wanted)) {
    // Unique index on nodes.id.
    const rows = await reading(db)
      .selectFrom("nodes")
      .select(["id", "name"])
      .where("id", "in", part)
      .execute();
    for (const { id, name } of rows) names.set(id, name);
  }
  return names;
}

/** Node ids by identifier (an id or a name; an id wins); archived and unknown ones are left out. */
export async function findNodesByIdentifiers(
  db: Db,
  identifiers: readonly string[],
): Promise<Map<string, string>> {
  const wanted = [...new Set(identifiers)];
  const ids = new Map<string, string>();
  const idsByName = new Map<string, string>();
  for (const part of inParts(wanted)) {
    // Unique indexes on nodes.id and nodes.name.
    const rows = await reading(db)
      .selectFrom("nodes")
      .select(["id", "name"])
      .where("archived_at", "is", null)
      .where((eb) => eb.or([eb("id", "in", part), eb("name", "in", part)]))
      .execute();
    for (const { id, name } of rows) {
      ids.set(id, id);
      idsByName.set(name, id);
    }
  }
  const found = new Map<string, string>();
  for (const identifier of wanted) {
    const id = ids.get(identifier) ?? idsByName.get(identifier);
    if (id !== undefined) found.set(identifier, id);
  }
  return found;
}

/** The sessions on which nodes are online, by node id; one that is offline or archived has none. */
export async function findSessions(
  db: Db,
  nodeIds: readonly string[],
): Promise<Map<string, string>> {
  const wanted = [...new Set(nodeIds)];
  const sessions = new Map<string, string>();
  for (const part of inParts(wanted)) {
    // Unique index on nodes.id.
    const rows = await reading(db)
      .selectFrom("nodes")
      .select(["id", "session_id as sessionId"])
      .where("id", "in", part)
      .where("online", "=", 1)
      .where("archived_at", "is", null)
      .execute();
    for (const { id, sessionId } of rows) if (sessionId !== null) sessions.set(id, sessionId);
  }
  return sessions;
}

/** Nodes that are not archived, newest first; `name` is an exact match. */
export async function listNodes(
  db: Db,
  options: PageRequest & {
    readonly name?: string;
    readonly online?: boolean;
    /** Only archived nodes instead of those that are not. */
    readonly isArchived?: boolean;
  },
): Promise<Page<NodeRow>> {
  const { name, online } = options;
  const matching = reading(db)
    .selectFrom("nodes")
    .where("archived_at", options.isArchived === true ? "is not" : "is", null)
    .$if(name !== undefined, (query) => query.where("name", "=", name ?? ""))
    .$if(online !== undefined, (query) => query.where("online", "=", online === true ? 1 : 0));
  const { items, total } = await readPage(
    matching.selectAll().orderBy("created_at", "desc").orderBy("seq", "desc"),
    { count: matching.select(countAll), page: options },
  );
  return { items: items.map(toNodeRow), total };
}

/** Marks nodes online on their new sessions; returns each known node's journal as it was before. */
export async function setNodesOnline(
  tx: Db,
  connections: readonly NodeConnection[],
): Promise<PreviousJournal[]> {
  const latest = [...new Map(connections.map((node) => [node.nodeId, node])).values()];
  if (latest.length === 0) return [];
  return await atomically(tx, async (handle) => {
    const previous = await handle.batches.setNodesOnline(latest);
    await replaceNodeFacts(handle, changedFacts(previous, latest));
    return previous.map(({ nodeId, journalId }) => ({ nodeId, journalId }));
  });
}

/** Most nodes connect with what they reported before. */
function changedFacts(
  previous: readonly PreviousNode[],
  connections: readonly NodeConnection[],
): NodeFacts[] {
  const connected = new Map(connections.map((node) => [node.nodeId, node]));
  return previous.flatMap(({ nodeId, seq, attributes, userAttributes, skills }) => {
    const now = connected.get(nodeId);
    if (now === undefined) return [];
    if (now.attributes === attributes && now.skills === skills) return [];
    return [{ seq, userAttributes, attributes: now.attributes, skills: now.skills }];
  });
}

/** Marks nodes offline whose ended session still is their current one; returns the ids of those. */
export async function setNodesOffline(
  tx: Db,
  disconnections: readonly NodeDisconnection[],
): Promise<string[]> {
  if (disconnections.length === 0) return [];
  return await atomically(tx, async ({ batches }) => await batches.setNodesOffline(disconnections));
}

/** Marks every node offline: what a server does first when it alone owns the database. */
export async function setAllNodesOffline(tx: Db, now: number): Promise<void> {
  await writing(tx)
    .updateTable("nodes")
    .set({ online: 0, offline_since: now, session_id: null, updated_at: now })
    .where("online", "=", 1)
    .execute();
}

/** Records that nodes were heard of. */
export async function touchNodes(
  tx: Db,
  options: { readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void> {
  const nodeIds = [...new Set(options.nodeIds)];
  if (nodeIds.length === 0) return;
  await atomically(
    tx,
    async ({ batches }) => await batches.touchNodes({ nodeIds, now: options.now }),
  );
}

/** Archives nodes, or brings them back (`archivedAt` null); returns the ids of those that it changed. */
export async function setNodesArchived(
  db: Db,
  options: {
    readonly nodeIds: readonly string[];
    readonly archivedAt: number | null;
    readonly now: number;
  },
): Promise<string[]> {
  const { archivedAt, now } = options;
  const nodeIds = [...new Set(options.nodeIds)];
  const changed: string[] = [];
  for (const part of inParts(nodeIds)) {
    const rows = await writing(db)
      .updateTable("nodes")
      .set({ archived_at: archivedAt, updated_at: now })
      .where("id", "in", part)
      .where("archived_at", archivedAt === null ? "is not" : "is", null)
      .returning("id")
      .execute();
    changed.push(...rows.map(({ id }) => id));
  }
  return changed;
}

/** The node with this id or name, archived or not; an id wins. */
export async function findNodeByIdentifier(
  db: Db,
  identifier: string,
): Promise<NodeRow | undefined> {
  const rows = await reading(db)
    .selectFrom("nodes")
    .selectAll()
    .where((eb) => eb.or([eb("id", "=", identifier), eb("name", "=", identifier)]))
    .execute();
  const row = rows.find(({ id }) => id === identifier) ?? rows[0];
  return row && toNodeRow(row);
}

/** The nodes with these ids, in the order of the ids. */
export async function findNodes(db: Db, ids: readonly string[]): Promise<NodeRow[]> {
  const found = new Map<string, NodeRow>();
  for (const part of inParts(ids)) {
    const rows = await reading(db)
      .selectFrom("nodes")
      .selectAll()
      .where("id", "in", part)
      .execute();
    for (const row of rows) found.set(row.id, toNodeRow(row));
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Sets what users attach to a node; `change` gets what they attached before. Returns false when there is no such node. */
export async function changeUserAttributes(
  db: Db,
  options: {
    readonly nodeId: string;
    readonly now: number;
    /** From JSON text to JSON text. */
    readonly change: (userAttributes: string) => string;
  },
): Promise<boolean> {
  return await atomically(db, async (tx) => {
    const node = await tx.kysely
      .selectFrom("nodes")
      .select(["seq", "attributes", "user_attributes", "skills"])
      .where("id", "=", options.nodeId)
      .modifyEnd(tx.locks.forUpdate)
      .executeTakeFirst();
    if (node === undefined) return false;
    const userAttributes = options.change(node.user_attributes);
    await tx.kysely
      .updateTable("nodes")
      .set({ user_attributes: userAttributes, updated_at: options.now })
      .where("seq", "=", node.seq)
      .execute();
    await replaceNodeFacts(tx, [{ ...node, userAttributes }]);
    return true;
  });
}
