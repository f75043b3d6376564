import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";
import { countAll } from "./read-page.ts";
import { fromTokenRow, toTokenRow } from "./tables/tokens-table.ts";

/** An API token; only its hash is stored. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: string;
  readonly role: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** Adds a token. */
export async function insertToken(db: Db, row: TokenRow): Promise<void> {
  await writing(db).insertInto("tokens").values(fromTokenRow(row)).execute();
}

/** The token with this hash, expired or not. */
export async function findTokenByHash(db: Db, hash: string): Promise<TokenRow | undefined> {
  const row = await reading(db)
    .selectFrom("tokens")
    .selectAll()
    .where("hash", "=", hash)
    .executeTakeFirst();
  return row && toTokenRow(row);
}

/** How many tokens there are. */
export async function countTokens(db: Db): Promise<number> {
  const { total } = await reading(db)
    .selectFrom("tokens")
    .select(countAll)
    .executeTakeFirstOrThrow();
  return total;
}
