import type { Db } from "./database.ts";

/** Deletes up to `limit` instances that ended before an instant, oldest first, with runs, steps and output; returns how many. */
export declare function deleteEndedInstances(
  db: Db,
  options: { readonly finishedBefore: number; readonly limit: number },
): Promise<number>;

/** Deletes idempotency keys made before an instant; returns how many. */
export declare function deleteExpiredIdempotency(
  db: Db,
  options: { readonly before: number },
): Promise<number>;

/** Deletes up to `limit` audit entries made before an instant, oldest first; returns how many. */
export declare function deleteOldAudit(
  db: Db,
  options: { readonly before: number; readonly limit: number },
): Promise<number>;
