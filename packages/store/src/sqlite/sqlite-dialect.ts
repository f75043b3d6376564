import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Mutex } from "../mutex.ts";
import type { Tables } from "../tables/tables.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteValue } from "./sqlite-module.ts";

/** A Kysely on one connection. With a mutex every statement waits for its turn; without, the caller holds it already. */
export function kyselyOn(connection: SqliteConnection, mutex?: Mutex): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(connection, mutex),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

/** Runs single statements. Transactions are the engine's business, not Kysely's. */
class SqliteDriver implements Driver {
  readonly #connection: KyselyConnection;
  readonly #mutex: Mutex | undefined;

  constructor(connection: SqliteConnection, mutex: Mutex | undefined) {
    this.#connection = new KyselyConnection(connection);
    this.#mutex = mutex;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex?.acquire();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#mutex?.release();
  }

  async beginTransaction(): Promise<void> {
    throw new Error("use Database.transaction");
  }

  async commitTransaction(): Promise<void> {
    throw new Error("use Database.transaction");
  }

  async rollbackTransaction(): Promise<void> {
    throw new Error("use Database.transaction");
  }

  async destroy(): Promise<void> {}
}

class KyselyConnection implements DatabaseConnection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Our statements bind nothing but these types; the column types of `Tables` see to it.
    const parameters = query.parameters as readonly SqliteValue[];
    if (!returnsRows(query.sql)) {
      return { rows: [], numAffectedRows: BigInt(this.#connection.run(query.sql, parameters)) };
    }
    // Kysely derives R from the statement; `tables.test.ts` compares the columns with the database.
    return { rows: this.#connection.all(query.sql, parameters) as R[] };
  }

  // eslint-disable-next-line require-yield -- the interface wants a generator; the store never streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("streaming is not used");
  }
}

function returnsRows(statement: string): boolean {
  return (
    /^\s*(?:select|with|explain|pragma)\b/i.test(statement) || /\breturning\b/i.test(statement)
  );
}
