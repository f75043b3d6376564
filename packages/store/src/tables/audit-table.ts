import type { Generated, Insertable, Selectable } from "kysely";
import type { AuditRow } from "../audit.ts";
import type { Columns } from "./columns.ts";

/** Table `audit`. */
export interface AuditTable {
  seq: Generated<number>;
  at: number;
  actor: string;
  action: string;
  object: string;
  remote_address: string;
  request_id: string;
  detail: string;
}

/** Columns of `audit`. */
export const auditColumns: Columns<AuditTable> = {
  seq: "integer",
  at: "integer",
  actor: "text",
  action: "text",
  object: "text",
  remote_address: "text",
  request_id: "text",
  detail: "text",
};

/** An entry as the database returns it. */
export function toAuditRow(row: Selectable<AuditTable>): AuditRow {
  return {
    at: row.at,
    actor: row.actor,
    action: row.action,
    object: row.object,
    remoteAddress: row.remote_address,
    requestId: row.request_id,
    detail: row.detail,
  };
}

/** An entry as the database takes it. */
export function fromAuditRow(row: AuditRow): Insertable<AuditTable> {
  return {
    at: row.at,
    actor: row.actor,
    action: row.action,
    object: row.object,
    remote_address: row.remoteAddress,
    request_id: row.requestId,
    detail: row.detail,
  };
}
