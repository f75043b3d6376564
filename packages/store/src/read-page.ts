import { type AliasedRawBuilder, type SelectQueryBuilder, sql } from "kysely";
import { offsetOf, type Page, type PageRequest } from "./page.ts";
import type { Tables } from "./tables/tables.ts";

/** Counts the rows of a query. */
export const countAll: AliasedRawBuilder<number, "total"> = sql<number>`count(*)`.as("total");

/** One page of a query's rows, and how many rows there are. */
export async function readPage<Table extends keyof Tables, Row>(
  rows: SelectQueryBuilder<Tables, Table, Row>,
  options: {
    readonly count: SelectQueryBuilder<Tables, Table, { total: number }>;
    readonly page: PageRequest;
  },
): Promise<Page<Row>> {
  const { total } = await options.count.executeTakeFirstOrThrow();
  const items = await rows.limit(options.page.size).offset(offsetOf(options.page)).execute();
  // Kysely simplifies the row type for display only.
  return { items: items as Row[], total };
}
