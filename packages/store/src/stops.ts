import { assert } from "@courier/core";
import type { StopOutcome } from "@courier/protocol";
import type { Kysely, SelectQueryBuilder } from "kysely";
import type { Db } from "./database.ts";
import { atomically, reading } from "./handle.ts";
import { dispatchOf, inFlight } from "./in-flight.ts";
import { seqOfInstance } from "./runs.ts";
import type { Tables } from "./tables/tables.ts";

/** A run in flight that has just been asked to stop. */
export interface StopRequested {
  readonly id: string;
  readonly nodeId: string;
  readonly token: number;
  readonly status: "dispatched" | "running";
  readonly dispatchedAt: number;
  /** False: no session existed that the run could have been sent on. */
  readonly sent: boolean;
}

/** A run in flight whose node has not confirmed its stop in time. */
export interface ExpiredStop {
  readonly id: string;
  readonly instanceId: string;
  readonly groupNumber: number;
  readonly stopOutcome: StopOutcome;
  readonly nodeId: string;
  readonly status: "dispatched" | "running";
}

/** Asks the runs in flight of an instance (or one group, or one run of it) to stop; returns those that had not been asked before. */
export async function requestStops(
  tx: Db,
  options: {
    readonly instanceId: string;
    readonly groupNumber?: number;
    readonly runId?: string;
    readonly outcome: StopOutcome;
    readonly stopDeadlineAt: number;
    readonly now: number;
  },
): Promise<StopRequested[]> {
  const { runId, groupNumber } = options;
  return await atomically(tx, async ({ kysely }) => {
    // Index runs_in_flight, or the unique index on runs.id.
    const asked = await kysely
      .updateTable("runs")
      .set({
        stop_outcome: options.outcome,
        stop_deadline_at: options.stopDeadlineAt,
        updated_at: options.now,
      })
      .where("instance_seq", "=", seqOfInstance(options.instanceId))
      .$if(groupNumber !== undefined, (query) => query.where("group_number", "=", groupNumber ?? 0))
      .$if(runId !== undefined, (query) => query.where("id", "=", runId ?? ""))
      .where("status", "in", inFlight)
      .where("stop_outcome", "is", null)
      .returning(["id", "node_id", "token", "status", "dispatched_at", "sent"])
      .execute();
    return asked.map((row) => ({
      id: row.id,
      nodeId: row.node_id,
      token: row.token,
      ...dispatchOf(row),
      sent: row.sent === 1,
    }));
  });
}

/** Runs in flight whose stop deadline has passed, earliest first. */
export async function listExpiredStops(
  db: Db,
  options: { readonly now: number; readonly limit: number },
): Promise<ExpiredStop[]> {
  const rows = await stopping(reading(db))
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .select(["runs.id", "instances.id as instanceId", "runs.group_number as groupNumber"])
    .select(["runs.stop_outcome", "runs.node_id as nodeId", "runs.status", "runs.dispatched_at"])
    .where("runs.stop_deadline_at", "<=", options.now)
    .limit(options.limit)
    .execute();
  return rows.map(({ stop_outcome, status, dispatched_at, ...run }) => {
    assert(stop_outcome !== null, "a run with a stop deadline has a stop outcome");
    return {
      ...run,
      stopOutcome: stop_outcome,
      status: dispatchOf({ status, dispatched_at }).status,
    };
  });
}

/** The earliest stop deadline of a run in flight; null when there is none. */
export async function nextStopDeadlineAt(db: Db): Promise<number | null> {
  const row = await stopping(reading(db)).select("stop_deadline_at").limit(1).executeTakeFirst();
  return row?.stop_deadline_at ?? null;
}

/** Runs in flight that were asked to stop, earliest deadline first. Index runs_stopping. */
function stopping(kysely: Kysely<Tables>): SelectQueryBuilder<Tables, "runs", object> {
  return kysely
    .selectFrom("runs")
    .where("runs.status", "in", inFlight)
    .where("runs.stop_deadline_at", "is not", null)
    .orderBy("runs.stop_deadline_at");
}
