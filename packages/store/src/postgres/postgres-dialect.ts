import {
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type pg from "pg";
import { StatementDriver } from "../statement-driver.ts";
import type { Tables } from "../tables/tables.ts";
import { translating } from "./postgres-errors.ts";

/** What runs a statement: the pool (any free connection), or the one connection of a transaction. */
export type Queryable = Pick<pg.Pool | pg.PoolClient, "query">;

/** A Kysely on a pool or on one connection. */
export function kyselyOn(queryable: Queryable): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () =>
      new StatementDriver(async ({ sql: text, parameters: values }) => {
        const { rows, rowCount } = await query(queryable, { text, values });
        return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
      }),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

/** A statement with its values, and a time limit of its own where `answerTimeoutMs` is too short. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly timeoutMs?: number;
}

/** Rows of a statement; failures of the server become STORE_UNAVAILABLE. */
export async function queryRows<Row>(queryable: Queryable, statement: Statement): Promise<Row[]> {
  const { rows } = await query(queryable, statement);
  // The columns are those that the statement names.
  return rows as Row[];
}

async function query(queryable: Queryable, statement: Statement): Promise<pg.QueryResult> {
  const { text, values, timeoutMs } = statement;
  // pg reads a time limit of the single statement here, which its types do not know.
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  return await translating(
    async () => await queryable.query({ text, values: values.map(storable), ...limit }),
  );
}

/** PostgreSQL refuses NUL in text; ids that hold one cannot match, other texts are stored with a mark instead. */
function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.some(hasNul) ? value.map(storable) : value;
  return hasNul(value) ? value.replaceAll("\0", "\ufffd") : value;
}

function hasNul(value: unknown): value is string {
  return typeof value === "string" && value.includes("\0");
}
