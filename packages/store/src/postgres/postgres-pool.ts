import pg from "pg";
import {
  answerTimeoutMs,
  connectTimeoutMs,
  poolSizeDefault,
  statementTimeoutMs,
} from "../limits.ts";

/** Where and how to connect. */
export interface PostgresOptions {
  readonly databaseUrl: string;
  readonly poolSize?: number;
  readonly schemaName?: string;
}

/** A pool of connections whose integers are numbers and whose broken connections are replaced. */
export function createPool(options: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.poolSize ?? poolSizeDefault,
    application_name: "courier-server",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: answerTimeoutMs,
    options: settingsOf(options)
      .map((setting) => `-c ${setting}`)
      .join(" "),
    keepAlive: true,
    types: { getTypeParser },
  });
  // Without listeners a lost connection would end the process. The pool drops it; a query on it fails by itself.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return pool;
}

/**
 * Every statement of the store goes by an index. Without this the planner, whose statistics lag behind tables that
 * grow from nothing to 100,000 rows within a second, hashes or scans whole tables for a batch of a thousand. What has
 * no index, as a table of one row, looks so costly then that PostgreSQL would compile it for ms: never worth it here.
 */
const plannerSettings = [
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  "enable_seqscan=off",
  "jit=off",
];

function settingsOf({ schemaName }: PostgresOptions): string[] {
  const settings = ["default_transaction_isolation=read\\ committed", ...plannerSettings];
  return schemaName === undefined ? settings : [...settings, `search_path=${schemaName}`];
}

/** bigint columns and counts; everything that the store keeps is far below 2^53. */
const int8Oid = 20;

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === int8Oid) return parseInteger;
  // The types of pg say `any`; it is a function of text for both formats as the store uses them.
  return pg.types.getTypeParser(oid, format) as (value: string) => unknown;
}

function parseInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is not a safe integer`);
  return number;
}

function ignore(): void {}
