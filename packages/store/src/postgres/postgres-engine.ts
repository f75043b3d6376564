import { type Kysely, sql } from "kysely";
import type pg from "pg";
import type { Engine, LockClauses, Session } from "../handle.ts";
import { migrationTimeoutMs, transactionAttemptsMax } from "../limits.ts";
import { postgresColumnTypes } from "../migrations/column-types.ts";
import { migrate, migrations } from "../migrations/migrate.ts";
import { unavailable } from "../store-error.ts";
import type { Tables } from "../tables/tables.ts";
import { PostgresBatches } from "./postgres-batches.ts";
import { kyselyOn, queryRows } from "./postgres-dialect.ts";
import { isLostRace, translating } from "./postgres-errors.ts";
import { createPool, type PostgresOptions } from "./postgres-pool.ts";

/** PostgreSQL: a pool of connections, a transaction has one for itself. */
export class PostgresEngine implements Engine {
  readonly dialect = "postgres";
  readonly locks: LockClauses = {
    forUpdate: sql`FOR UPDATE`,
    forUpdateSkipLocked: sql`FOR UPDATE SKIP LOCKED`,
  };
  readonly reader: Kysely<Tables>;
  readonly writer: Kysely<Tables>;
  readonly #pool: pg.Pool;
  #isClosed = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.reader = kyselyOn(pool);
    this.writer = this.reader;
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#isClosed) throw unavailable("the database is closed");
      try {
        return await inTransaction(
          this.#pool,
          async (client) =>
            await work({ kysely: kyselyOn(client), batches: new PostgresBatches(client) }),
        );
      } catch (error) {
        if (attempt === transactionAttemptsMax || !isLostRace(error)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.end();
  }
}

/** Connects, creates the schema where one is named, and migrates it. */
export async function openPostgresEngine(options: PostgresOptions): Promise<PostgresEngine> {
  const pool = createPool(options);
  try {
    await inTransaction(pool, async (client) => await migratePostgres(client, options.schemaName));
    return new PostgresEngine(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await translating(async () => await pool.connect());
  let isUsable = true;
  try {
    await queryRows(client, { text: "BEGIN", values: [] });
    const result = await work(client);
    await commit(client);
    return result;
  } catch (error) {
    isUsable = await rollBack(client);
    throw error;
  } finally {
    // A connection whose state is not known is closed, not given to the next caller.
    client.release(!isUsable);
  }
}

/** COMMIT of a transaction in which a statement has failed "succeeds" as ROLLBACK; that must not pass as committed. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await translating(async () => await client.query("COMMIT"));
  if (command !== "COMMIT") throw new Error("a statement of the transaction had failed");
}

async function rollBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    // The connection is gone, and the transaction with it; the first error tells more.
    return false;
  }
}

/** Any number; all builds must agree on it. */
const migrationLock = 7_266_831;

async function migratePostgres(
  client: pg.PoolClient,
  schemaName: string | undefined,
): Promise<void> {
  const execute = async (text: string): Promise<void> => {
    await queryRows(client, { text, values: [], timeoutMs: migrationTimeoutMs });
  };
  await execute("SET LOCAL statement_timeout = 0");
  // Held until the transaction ends; replicas that start at the same time wait here.
  await execute(`SELECT pg_advisory_xact_lock(${migrationLock})`);
  if (schemaName !== undefined) await execute(`CREATE SCHEMA IF NOT EXISTS "${schemaName}"`);
  await migrate(
    {
      execute,
      applied: async () =>
        await queryRows(client, {
          text: "SELECT number, name, checksum FROM schema_migrations ORDER BY number",
          values: [],
        }),
      record: async ({ number, name, checksum }) => {
        const text = "INSERT INTO schema_migrations VALUES ($1, $2, $3)";
        await queryRows(client, { text, values: [number, name, checksum] });
      },
    },
    { types: postgresColumnTypes, migrations },
  );
}
