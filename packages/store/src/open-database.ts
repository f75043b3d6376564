import type { Database, DatabaseOptions } from "./database.ts";
import { DatabaseHandle } from "./handle.ts";
import { openPostgresEngine } from "./postgres/postgres-engine.ts";
import { openSqliteEngine } from "./sqlite/sqlite-engine.ts";

/**
 * Opens the database and migrates it under a lock. Refuses a data directory that another process owns and a schema
 * that is newer than this build; every failure is a CourierError STORE_UNAVAILABLE with its cause.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const engine =
    "dataDir" in options
      ? await openSqliteEngine(options.dataDir)
      : await openPostgresEngine(options);
  return new DatabaseHandle(engine);
}
