import { CourierError } from "@courier/core";
import { unavailable } from "../store-error.ts";

/**
 * SQLSTATE classes and codes that tell of trouble with the server, the disk or the load, not with the statement.
 * Deadlocks are among them: the transaction is rolled back and may succeed when it is tried again.
 */
const troubleStates = /^(?:08|53|57|58|XX|25P03|40P01|40001|55P03|28|3D000)/;

/** Awaits one call into PostgreSQL; trouble with the database becomes STORE_UNAVAILABLE, anything else stays a defect. */
export async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isTrouble(error)) throw unavailable("the database failed", error);
    throw error;
  }
}

function isTrouble(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof CourierError) return false;
  // An error that the server sent has a severity and a SQLSTATE; all others (sockets, time limits, the pool) are trouble.
  if (!("severity" in error) || !("code" in error)) return true;
  return typeof error.code !== "string" || troubleStates.test(error.code);
}

/** True when PostgreSQL ended a transaction only because of another one (deadlock, serialization failure). */
export function isLostRace(error: unknown): boolean {
  const cause = error instanceof CourierError ? error.cause : error;
  return (
    cause instanceof Error && "code" in cause && ["40P01", "40001"].includes(String(cause.code))
  );
}
