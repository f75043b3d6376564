import type { Db } from "./database.ts";
import type { Page, PageRequest } from "./page.ts";

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
  /** JSON text. */
  readonly attributes: string;
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

/** The node with this id. */
export declare function findNode(db: Db, id: string): Promise<NodeRow | undefined>;

/** Node ids by identifier (an id or a name; an id wins); archived and unknown ones are left out. */
export declare function findNodesByIdentifiers(
  db: Db,
  identifiers: readonly string[],
): Promise<Map<string, string>>;

/** Nodes that are not archived, newest first; `name` is an exact match. */
export declare function listNodes(
  db: Db,
  options: PageRequest & { readonly name?: string; readonly online?: boolean },
): Promise<Page<NodeRow>>;

/** Marks nodes online on their new sessions; returns each known node's journal as it was before. */
export declare function setNodesOnline(
  tx: Db,
  connections: readonly NodeConnection[],
): Promise<PreviousJournal[]>;

/** Marks nodes offline whose ended session still is their current one; returns the ids of those. */
export declare function setNodesOffline(
  tx: Db,
  disconnections: readonly NodeDisconnection[],
): Promise<string[]>;

/** Marks every node offline: what a server does first when it alone owns the database. */
export declare function setAllNodesOffline(tx: Db, now: number): Promise<void>;

/** Records that nodes were heard of. */
export declare function touchNodes(
  tx: Db,
  options: { readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void>;
