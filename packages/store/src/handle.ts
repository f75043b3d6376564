import type { Kysely, RawBuilder } from "kysely";
import type { Batches } from "./batches.ts";
import type { Database, Db } from "./database.ts";
import type { Tables } from "./tables/tables.ts";

/** A transaction as the store's own files see it. */
export class TransactionHandle implements Db {
  readonly dialect: Db["dialect"];
  readonly kysely: Kysely<Tables>;
  readonly batches: Batches;
  readonly locks: LockClauses;
  #hasEnded = false;

  constructor(dialect: Db["dialect"], session: Session, locks: LockClauses) {
    this.dialect = dialect;
    this.kysely = session.kysely;
    this.batches = session.batches;
    this.locks = locks;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** From here on every use is a defect: on SQLite it would slip into someone else's transaction. */
  end(): void {
    this.#hasEnded = true;
  }
}

/** What a driver offers within one transaction. */
export interface Session {
  readonly kysely: Kysely<Tables>;
  readonly batches: Batches;
}

/** Ends of a SELECT that lock its rows; empty on SQLite, where a transaction is alone. */
export interface LockClauses {
  readonly forUpdate: RawBuilder<unknown>;
  readonly forUpdateSkipLocked: RawBuilder<unknown>;
}

/** The seam between the store and its two drivers. */
export interface Engine {
  readonly dialect: Db["dialect"];
  readonly locks: LockClauses;
  /** For SELECTs outside of transactions. */
  readonly reader: Kysely<Tables>;
  /** For single statements outside of transactions. */
  readonly writer: Kysely<Tables>;
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A database as the store's own files see it. */
export class DatabaseHandle implements Database {
  readonly dialect: Db["dialect"];
  readonly engine: Engine;

  constructor(engine: Engine) {
    this.dialect = engine.dialect;
    this.engine = engine;
  }

  async transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return await this.engine.transaction(async (session) => {
      const tx = new TransactionHandle(this.dialect, session, this.engine.locks);
      try {
        return await work(tx);
      } finally {
        tx.end();
      }
    });
  }

  async ping(): Promise<void> {
    await this.engine.reader.selectFrom("settings").select("key").limit(1).execute();
  }

  async close(): Promise<void> {
    await this.engine.close();
  }
}

/** Where SELECTs of `db` go. */
export function reading(db: Db): Kysely<Tables> {
  const handle = handleOf(db);
  return handle instanceof DatabaseHandle ? handle.engine.reader : handle.kysely;
}

/** Where single INSERT, UPDATE and DELETE statements of `db` go. */
export function writing(db: Db): Kysely<Tables> {
  const handle = handleOf(db);
  return handle instanceof DatabaseHandle ? handle.engine.writer : handle.kysely;
}

/** Runs `work` in the transaction `db` is, or in one of its own. */
export async function atomically<T>(
  db: Db,
  work: (tx: TransactionHandle) => Promise<T>,
): Promise<T> {
  const handle = handleOf(db);
  if (handle instanceof TransactionHandle) return await work(handle);
  return await handle.transaction(async (tx) => await atomically(tx, work));
}

function handleOf(db: Db): DatabaseHandle | TransactionHandle {
  if (db instanceof DatabaseHandle) return db;
  if (!(db instanceof TransactionHandle)) throw new Error("not a database of this store");
  if (db.hasEnded) throw new Error("the transaction has ended already");
  return db;
}
