import type { Database, DatabaseOptions } from "./database.ts";

/**
 * Opens the database and migrates it under a lock. Refuses a data directory that another process owns and a schema
 * that is newer than this build; every failure is a CourierError STORE_UNAVAILABLE with its cause.
 */
export declare function openDatabase(options: DatabaseOptions): Promise<Database>;
