import { CourierError } from "@courier/core";
import { findWaitingStart, type Db } from "@courier/store";
import { rfc3339 } from "./rfc3339.ts";

/** An instance that waits to start has its id already, and nothing else: throws an error that says what it waits for. */
export async function refuseWaiting(db: Db, id: string): Promise<void> {
  const waiting = await findWaitingStart(db, { id });
  if (waiting === undefined) return;
  const { notBefore, reason } = waiting;
  const until = notBefore === null ? "" : `, not before ${rfc3339(notBefore)}`;
  const message = `instance "${id}" has not started yet: ${reason}${until}`;
  throw new CourierError("INSTANCE_NOT_STARTED", message);
}
