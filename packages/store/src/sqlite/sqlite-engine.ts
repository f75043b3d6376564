import { type Kysely, sql } from "kysely";
import type { Engine, LockClauses, Session } from "../handle.ts";
import {
  busyTimeoutMs,
  cacheKibibytes,
  pagesPerCheckpoint,
  preparedStatementsMax,
} from "../limits.ts";
import { sqliteColumnTypes } from "../migrations/column-types.ts";
import { type AppliedMigration, migrate, migrations } from "../migrations/migrate.ts";
import { Mutex } from "../mutex.ts";
import { unavailable } from "../store-error.ts";
import type { Tables } from "../tables/tables.ts";
import { type DataDirectory, takeDataDirectory } from "./data-directory.ts";
import { SqliteBatches } from "./sqlite-batches.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { kyselyOn } from "./sqlite-dialect.ts";
import { openSqlite } from "./sqlite-module.ts";
import { TransactionQueue } from "./transaction-queue.ts";

/**
 * SQLite: one connection that writes, one transaction at a time, and one that only reads, so that a list does not
 * wait for the transactions before it. In WAL mode the reader sees everything that is committed.
 */
export class SqliteEngine implements Engine {
  readonly dialect = "sqlite";
  readonly locks: LockClauses = { forUpdate: sql``, forUpdateSkipLocked: sql`` };
  readonly reader: Kysely<Tables>;
  readonly writer: Kysely<Tables>;
  readonly #directory: DataDirectory;
  readonly #write: SqliteConnection;
  readonly #read: SqliteConnection;
  readonly #transactions: TransactionQueue;
  readonly #mutex = new Mutex();
  #isClosed = false;

  constructor(
    directory: DataDirectory,
    connections: { readonly write: SqliteConnection; readonly read: SqliteConnection },
  ) {
    this.#directory = directory;
    this.#write = connections.write;
    this.#read = connections.read;
    this.reader = kyselyOn(this.#read);
    this.writer = kyselyOn(this.#write, this.#mutex);
    const session = { kysely: kyselyOn(this.#write), batches: new SqliteBatches(this.#write) };
    this.#transactions = new TransactionQueue(this.#write, { session, mutex: this.#mutex });
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return await this.#transactions.run(work);
  }

  /** The write connection, for tests of limits and query plans. */
  get connection(): SqliteConnection {
    return this.#write;
  }

  async close(): Promise<void> {
    await this.#mutex.run(async () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#read.close();
      this.#write.close();
      this.#directory.release();
    });
  }
}

/** Takes the data directory, opens the database in it and migrates it. */
export async function openSqliteEngine(dataDir: string): Promise<SqliteEngine> {
  const directory = await takeDataDirectory(dataDir);
  try {
    const write = await openConnection(directory.databasePath, { readOnly: false });
    write.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    write.exec(
      `PRAGMA cache_size = ${-cacheKibibytes}; PRAGMA wal_autocheckpoint = ${pagesPerCheckpoint}`,
    );
    await migrateSqlite(write);
    const read = await openConnection(directory.databasePath, { readOnly: true });
    return new SqliteEngine(directory, { write, read });
  } catch (error) {
    directory.release();
    throw error;
  }
}

async function openConnection(
  path: string,
  options: { readonly readOnly: boolean },
): Promise<SqliteConnection> {
  try {
    const database = await openSqlite(path, options);
    const connection = new SqliteConnection(database, { statementsMax: preparedStatementsMax });
    connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    return connection;
  } catch (error) {
    throw unavailable(`the database "${path}" cannot be opened`, error);
  }
}

async function migrateSqlite(connection: SqliteConnection): Promise<void> {
  connection.exec("BEGIN IMMEDIATE");
  try {
    await migrate(
      {
        execute: async (statement) => connection.exec(statement),
        // The columns are those that the statement names.
        applied: async () =>
          connection.all(
            "SELECT number, name, checksum FROM schema_migrations ORDER BY number",
            [],
          ) as AppliedMigration[],
        record: async ({ number, name, checksum }) => {
          connection.run("INSERT INTO schema_migrations VALUES (?, ?, ?)", [
            number,
            name,
            checksum,
          ]);
        },
      },
      { types: sqliteColumnTypes, migrations },
    );
    connection.exec("COMMIT");
  } catch (error) {
    connection.close();
    throw error;
  }
}
