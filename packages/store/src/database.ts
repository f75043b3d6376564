/** What the store's functions work on: a database, or a transaction on it. Opaque to callers. */
export interface Db {
  readonly dialect: "sqlite" | "postgres";
}

/** An open database. */
export interface Database extends Db {
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
   * SQLite runs one transaction at a time and commits those that waited together; PostgreSQL runs them READ COMMITTED.
   * PostgreSQL ends one of two transactions that wait for each other; then `work` is called again, so it must not leave
   * anything behind outside of `tx`. Using the database itself inside `work` waits for ever on SQLite: use `tx` only.
   */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** Rejects with STORE_UNAVAILABLE when the database does not answer. */
  ping(): Promise<void>;
  /** Waits for the running transaction, then closes; idempotent. */
  close(): Promise<void>;
}

/** Where the database is: a directory of this process's own (SQLite), or a PostgreSQL server. */
export type DatabaseOptions =
  | { readonly dataDir: string }
  | {
      readonly databaseUrl: string;
      /** Largest number of connections; default `poolSizeDefault`. */
      readonly poolSize?: number;
      /** Schema to work in, created when absent; default is the connection's own. */
      readonly schemaName?: string;
    };
