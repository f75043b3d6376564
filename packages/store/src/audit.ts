import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromAuditRow, toAuditRow } from "./tables/audit-table.ts";

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
export async function insertAudit(db: Db, row: AuditRow): Promise<void> {
  await writing(db).insertInto("audit").values(fromAuditRow(row)).execute();
}

/** The audit trail, newest first. */
export async function listAudit(db: Db, options: PageRequest): Promise<Page<AuditRow>> {
  const audit = reading(db).selectFrom("audit");
  const { items, total } = await readPage(
    audit.selectAll().orderBy("at", "desc").orderBy("seq", "desc"),
    { count: audit.select(countAll), page: options },
  );
  return { items: items.map(toAuditRow), total };
}
