import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { toTokenRow } from "./tables/tokens-table.ts";
import type { TokenRow } from "./tokens.ts";

/** Tokens, newest first, expired ones too. */
export async function listTokens(db: Db, page: PageRequest): Promise<Page<TokenRow>> {
  const rows = reading(db)
    .selectFrom("tokens")
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy("id", "desc");
  const count = reading(db).selectFrom("tokens").select(countAll);
  const { items, total } = await readPage(rows, { count, page });
  return { items: items.map(toTokenRow), total };
}

/** Revokes a token; false when there is none with this id. */
export async function deleteToken(db: Db, id: string): Promise<boolean> {
  const deleted = await writing(db)
    .deleteFrom("tokens")
    .where("id", "=", id)
    .returning("id")
    .executeTakeFirst();
  return deleted !== undefined;
}
