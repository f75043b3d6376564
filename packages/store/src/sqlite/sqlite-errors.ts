import { unavailable } from "../store-error.ts";

/** Primary result codes that tell of trouble with the file, the disk or the memory, not with the statement. */
const troubleCodes: ReadonlySet<number> = new Set([
  5, // SQLITE_BUSY
  6, // SQLITE_LOCKED
  7, // SQLITE_NOMEM
  8, // SQLITE_READONLY
  10, // SQLITE_IOERR
  11, // SQLITE_CORRUPT
  13, // SQLITE_FULL
  14, // SQLITE_CANTOPEN
  15, // SQLITE_PROTOCOL
  26, // SQLITE_NOTADB
]);

/** SQLITE_BUSY: another connection holds the lock. */
export const busyCode = 5;

/** Runs one call into SQLite; trouble with the database becomes STORE_UNAVAILABLE, anything else stays a defect. */
export function translating<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (troubleCodes.has(primaryCodeOf(error))) throw unavailable("the database failed", error);
    throw error;
  }
}

/** The primary result code of an error of SQLite; 0 for any other error. */
export function primaryCodeOf(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error)) return 0;
  return typeof error.errcode === "number" ? error.errcode & 0xff : 0;
}
