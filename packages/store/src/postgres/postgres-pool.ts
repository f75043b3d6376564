import pg from "pg";
import { connectTimeoutMs, poolSizeDefault, statementTimeoutMs } from "../limits.ts";

/** Where and how to connect. */
export interface PostgresOptions {
  readonly databaseUrl: string;
  readonly poolSize?: number;
  readonly schemaName?: string;
}

/** A pool of connections whose integers are numbers and whose broken connections are replaced. */
export function createPool(options: PostgresOptions): pg.Pool {
  const searchPath =
    options.schemaName === undefined ? "" : ` -c search_path=${options.schemaName}`;
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.poolSize ?? poolSizeDefault,
    application_name: "courier-server",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    options: `-c default_transaction_isolation=read\\ committed${searchPath}`,
    keepAlive: true,
    types: { getTypeParser },
  });
  // Without listeners a lost connection would end the process. The pool drops it; a query on it fails by itself.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return pool;
}

/** bigint columns and counts; everything that the store keeps is far below 2^53. */
const int8Oid = 20;

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === int8Oid) return parseInteger;
  return pg.types.getTypeParser(oid, format);
}

function parseInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is not a safe integer`);
  return number;
}

function ignore(): void {}
