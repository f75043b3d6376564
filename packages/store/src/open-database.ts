import type { Database, DatabaseOptions } from "./database.ts";
import { DatabaseHandle } from "./handle.ts";
import { openSqliteEngine } from "./sqlite/sqlite-engine.ts";

/**
 * Opens the database and migrates it under a lock. Refuses a data directory that another process owns and a schema
 * that is newer than this build; every failure is a CourierError STORE_UNAVAILABLE with its cause.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if ("dataDir" in options) return new DatabaseHandle(await openSqliteEngine(options.dataDir));
  // Loaded only when it is used: the embedded default does not pay for PostgreSQL's driver.
  const { openPostgresEngine } = await import("./postgres/postgres-engine.ts");
  return new DatabaseHandle(await openPostgresEngine(options));
}
