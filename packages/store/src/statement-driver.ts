import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import type { Mutex } from "./mutex.ts";

/** Runs one statement of Kysely's. */
export type Execute = (query: CompiledQuery) => Promise<QueryResult<unknown>>;

/** Runs single statements for Kysely, with a mutex each in its turn. Transactions are the engine's business, not Kysely's. */
export class StatementDriver implements Driver {
  readonly #connection: StatementConnection;
  readonly #mutex: Mutex | undefined;

  constructor(execute: Execute, mutex?: Mutex) {
    this.#connection = new StatementConnection(execute);
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

class StatementConnection implements DatabaseConnection {
  readonly #execute: Execute;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Kysely derives R from the statement; `schema.test.ts` compares the columns with the database.
    return (await this.#execute(query)) as QueryResult<R>;
  }

  // eslint-disable-next-line require-yield -- the interface wants a generator; the store never streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("streaming is not used");
  }
}
