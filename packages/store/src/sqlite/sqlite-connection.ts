import { unavailable } from "../store-error.ts";
import { translating } from "./sqlite-errors.ts";
import type { SqliteDatabase, SqliteStatement, SqliteValue } from "./sqlite-module.ts";

/** One connection with its prepared statements. All calls block; nothing here waits. */
export class SqliteConnection {
  readonly #database: SqliteDatabase;
  readonly #statementsMax: number;
  /** In order of last use, oldest first. */
  readonly #statements = new Map<string, SqliteStatement>();
  #isClosed = false;

  constructor(database: SqliteDatabase, options: { readonly statementsMax: number }) {
    this.#database = database;
    this.#statementsMax = options.statementsMax;
  }

  /** Rows of a statement that returns some. */
  all(sql: string, parameters: readonly SqliteValue[]): unknown[] {
    return translating(() => this.prepare(sql).all(...parameters));
  }

  /** Number of rows that a statement without RETURNING changed. */
  run(sql: string, parameters: readonly SqliteValue[]): number {
    return translating(() => Number(this.prepare(sql).run(...parameters).changes));
  }

  /** Runs statements that have no parameters. */
  exec(sql: string): void {
    this.#assertOpen();
    translating(() => this.#database.exec(sql));
  }

  /** The prepared statement for this text. Loops keep it; their calls must run inside `translating`. */
  prepare(sql: string): SqliteStatement {
    this.#assertOpen();
    const known = this.#statements.get(sql);
    if (known !== undefined) this.#statements.delete(sql);
    const statement = known ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > this.#statementsMax) this.#forgetOldest();
    return statement;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #forgetOldest(): void {
    for (const oldest of this.#statements.keys()) {
      this.#statements.delete(oldest);
      return;
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable("the database is closed");
  }
}
