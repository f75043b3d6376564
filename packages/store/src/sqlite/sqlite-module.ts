/** The part of the `node:sqlite` API that the store uses; Node's own module and @photostructure/sqlite both have it. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  close(): void;
}

/** A prepared statement. */
export interface SqliteStatement {
  run(...parameters: SqliteValue[]): { changes: number | bigint };
  all(...parameters: SqliteValue[]): unknown[];
  get(...parameters: SqliteValue[]): unknown;
}

/** What SQLite stores. */
export type SqliteValue = string | number | null | Uint8Array;

/** Opens a database file. */
export async function openSqlite(
  path: string,
  options: { readonly readOnly: boolean },
): Promise<SqliteDatabase> {
  // Node's own module exists from 22.13 on; asking for it by name would throw on older versions.
  const builtin: unknown = process.getBuiltinModule("node:sqlite");
  // Loaded only where it is needed: it is a native library.
  const module: unknown = builtin ?? (await import("@photostructure/sqlite"));
  // Both modules export this class; the type packages in use know neither, or only their own.
  const { DatabaseSync } = module as { DatabaseSync: DatabaseConstructor };
  return new DatabaseSync(path, options);
}

type DatabaseConstructor = new (path: string, options: { readOnly: boolean }) => SqliteDatabase;
