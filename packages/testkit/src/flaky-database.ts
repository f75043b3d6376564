import { CourierError } from "@courier/core";
import type { Database } from "@courier/store";

/** A real database that can be away for a while. */
export interface FlakyDatabase {
  readonly db: Database;
  /** While true, no transaction begins: as when the disk is full or the server is gone. */
  isAway: boolean;
  /** Transactions that committed. */
  readonly commitCount: number;
}

/** Lets a test take a database away and give it back. */
export function flakyDatabase(database: Database): FlakyDatabase {
  let commitCount = 0;
  const transaction: Database["transaction"] = async (work) => {
    if (flaky.isAway) throw new CourierError("STORE_UNAVAILABLE", "the database is away");
    const result = await database.transaction(work);
    commitCount += 1;
    return result;
  };
  const db = new Proxy(database, {
    get: (target, key): unknown => {
      if (key === "transaction") return transaction;
      const value: unknown = Reflect.get(target, key, target);
      // The store's own methods need the real object, whose private fields a proxy does not have.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const flaky = {
    db,
    isAway: false,
    get commitCount() {
      return commitCount;
    },
  };
  return flaky;
}
