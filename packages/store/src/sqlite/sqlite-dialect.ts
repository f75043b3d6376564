import {
  type CompiledQuery,
  type Dialect,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Mutex } from "../mutex.ts";
import { StatementDriver } from "../statement-driver.ts";
import type { Tables } from "../tables/tables.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteValue } from "./sqlite-module.ts";

/** A Kysely on one connection. With a mutex every statement waits for its turn; without, the caller holds it already. */
export function kyselyOn(connection: SqliteConnection, mutex?: Mutex): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new StatementDriver(async (query) => execute(connection, query), mutex),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

async function execute(
  connection: SqliteConnection,
  query: CompiledQuery,
): Promise<QueryResult<unknown>> {
  // Our statements bind nothing but these types; the column types of `Tables` see to it.
  const parameters = query.parameters as readonly SqliteValue[];
  if (returnsRows(query.sql)) return { rows: connection.all(query.sql, parameters) };
  return { rows: [], numAffectedRows: BigInt(connection.run(query.sql, parameters)) };
}

function returnsRows(statement: string): boolean {
  return (
    /^\s*(?:select|with|explain|pragma)\b/i.test(statement) || /\breturning\b/i.test(statement)
  );
}
