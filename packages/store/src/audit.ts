import type { Db } from "./database.ts";
import type { Page, PageRequest } from "./page.ts";

/** Who did what, from where. */
export interface AuditRow {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly remoteAddress: string;
  readonly requestId: string;
  /** JSON text. */
  readonly detail: string;
}

/** Adds an entry to the audit trail. */
export declare function insertAudit(db: Db, row: AuditRow): Promise<void>;

/** The audit trail, newest first. */
export declare function listAudit(db: Db, options: PageRequest): Promise<Page<AuditRow>>;
