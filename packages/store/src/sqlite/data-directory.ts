import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CourierError, hasCode } from "@courier/core";
import { lockWaitMs } from "../limits.ts";
import { unavailable } from "../store-error.ts";
import { busyCode, primaryCodeOf } from "./sqlite-errors.ts";
import { openSqlite, type SqliteDatabase } from "./sqlite-module.ts";

/** A data directory that this process owns. */
export interface DataDirectory {
  readonly databasePath: string;
  /** Lets another process have the directory. */
  release(): void;
}

/**
 * Takes a data directory for this process, or refuses and names the owner. The lock is SQLite's own on a second file:
 * the operating system drops it when the process dies, however it dies. The lock file is never opened by anything
 * else: closing any descriptor of it would drop the lock (POSIX).
 */
export async function takeDataDirectory(dataDir: string): Promise<DataDirectory> {
  const lockPath = join(dataDir, "courier.lock");
  const pidPath = join(dataDir, "courier.pid");
  const databasePath = join(dataDir, "courier.db");
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    createPrivate(lockPath);
    createPrivate(databasePath);
  } catch (error) {
    throw unavailable(`the data directory "${dataDir}" cannot be used`, error);
  }
  const lock = await openSqlite(lockPath, { readOnly: false });
  takeLock(lock, { dataDir, pidPath });
  writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  return { databasePath, release: () => lock.close() };
}

/** SQLite gives the files beside a database (-wal, -shm) the mode of the database itself. Another process may just make it. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

function takeLock(
  lock: SqliteDatabase,
  { dataDir, pidPath }: { readonly dataDir: string; readonly pidPath: string },
): void {
  try {
    lock.exec(`PRAGMA busy_timeout = ${lockWaitMs}; PRAGMA journal_mode = MEMORY`);
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (primaryCodeOf(error) !== busyCode)
      throw unavailable("the data directory cannot be locked", error);
    throw new CourierError(
      "STORE_UNAVAILABLE",
      `the data directory "${dataDir}" is in use by process ${ownerOf(pidPath)}: stop it first, or choose another directory`,
      { cause: error },
    );
  }
}

function ownerOf(pidPath: string): string {
  const unknown = "(unknown)";
  try {
    return readFileSync(pidPath, "utf8").trim() || unknown;
  } catch {
    // The owner has the lock but has not written its pid yet.
    return unknown;
  }
}
