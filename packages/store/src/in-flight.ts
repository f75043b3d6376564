import { assert, type RunStatus } from "@courier/core";
import { type Expression, sql } from "kysely";
import { inFlightStates } from "./from-states.ts";

/**
 * The states of a run in flight as literals: the partial indexes serve a statement only when it spells their
 * condition out.
 */
export const inFlight: readonly Expression<RunStatus>[] = inFlightStates.map((state) =>
  sql.lit(state),
);

/** Status and time of dispatch of a run in flight, as the table's checks guarantee them. */
export function dispatchOf(row: {
  readonly status: RunStatus;
  readonly dispatched_at: number | null;
}): { status: "dispatched" | "running"; dispatchedAt: number } {
  const { status, dispatched_at: dispatchedAt } = row;
  assert(status === "dispatched" || status === "running", "the run is in flight");
  assert(dispatchedAt !== null, "a run in flight has a time of dispatch");
  return { status, dispatchedAt };
}
