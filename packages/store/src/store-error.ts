import { CourierError } from "@courier/core";

/** The database cannot be used now; `what` names what failed. */
export function unavailable(what: string, cause?: unknown): CourierError {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new CourierError("STORE_UNAVAILABLE", `${what}${reason}`, { cause });
}
