import type { Insertable, Selectable } from "kysely";
import type { TokenRow } from "../tokens.ts";
import type { Columns } from "./columns.ts";

/** Table `tokens`. */
export interface TokensTable {
  id: string;
  name: string;
  prefix: string;
  hash: string;
  role: string;
  created_at: number;
  expires_at: number | null;
}

/** Columns of `tokens`. */
export const tokensColumns: Columns<TokensTable> = {
  id: "text",
  name: "text",
  prefix: "text",
  hash: "text",
  role: "text",
  created_at: "integer",
  expires_at: "integer?",
};

/** A token as the database returns it. */
export function toTokenRow(row: Selectable<TokensTable>): TokenRow {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    hash: row.hash,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** A token as the database takes it. */
export function fromTokenRow(row: TokenRow): Insertable<TokensTable> {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    hash: row.hash,
    role: row.role,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
  };
}
