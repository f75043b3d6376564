import type { InFlightFacts } from "@courier/core";
import { sql } from "kysely";
import type { Db } from "./database.ts";
import { reading } from "./handle.ts";
import { seqOfInstance } from "./runs.ts";

/** Runs in flight of one group that have the same facts in common. */
export interface InFlightKind {
  readonly groupNumber: number;
  readonly facts: InFlightFacts;
  readonly count: number;
  /** The earliest of all of them, Unix ms; null: none has one. */
  readonly earliest: {
    readonly dispatchedAt: number;
    readonly startedAt: number | null;
    readonly stopDeadlineAt: number | null;
    readonly offlineSince: number | null;
  };
  /** The first of them by position. */
  readonly examples: readonly InFlightExample[];
}

/** One of them. */
export interface InFlightExample {
  readonly runId: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly dispatchedAt: number;
  readonly startedAt: number | null;
  readonly offlineSince: number | null;
}

/** What `summariseInFlight` found. */
export interface InFlightSummary {
  readonly kinds: readonly InFlightKind[];
  /** Runs that were looked at; when this is `looked`, there may be more. */
  readonly count: number;
}

interface Row {
  readonly id: string;
  readonly group_number: number;
  readonly node_id: string;
  readonly node_name: string | null;
  readonly status: "dispatched" | "running";
  readonly is_stopping: number;
  readonly is_online: number;
  readonly is_busy: number;
  readonly step_state: number;
  readonly dispatched_at: number;
  readonly started_at: number | null;
  readonly offline_since: number | null;
  readonly total: number;
  readonly first_dispatched_at: number;
  readonly first_started_at: number | null;
  readonly first_stop_deadline_at: number | null;
  readonly first_offline_since: number | null;
}

const stepStates = ["none", "retrying", "rebooting"] as const;

/**
 * The runs in flight of an instance by what is known about them: a handful of rows with counts and examples, however many
 * runs there are. Looks at no more than `looked` of them.
 */
export async function summariseInFlight(
  db: Db,
  options: {
    readonly instanceId: string;
    readonly looked: number;
    readonly examples: number;
  },
): Promise<InFlightSummary> {
  // Index runs_in_flight; for each run the unique index on nodes.id, runs_of_node and the primary key of steps.
  const statement = sql<Row>`
    SELECT * FROM (
      SELECT known.*,
        count(*) OVER kind AS total,
        min(dispatched_at) OVER kind AS first_dispatched_at,
        min(started_at) OVER kind AS first_started_at,
        min(stop_deadline_at) OVER kind AS first_stop_deadline_at,
        min(offline_since) OVER kind AS first_offline_since,
        row_number() OVER (
          PARTITION BY group_number, status, is_stopping, is_online, is_busy, step_state ORDER BY position
        ) AS place
      FROM (
        SELECT found.*, nodes.name AS node_name,
          CASE WHEN nodes.online = 1 THEN NULL ELSE nodes.offline_since END AS offline_since,
          CASE WHEN nodes.online = 1 AND nodes.archived_at IS NULL THEN 1 ELSE 0 END AS is_online,
          CASE WHEN found.status = 'dispatched' AND EXISTS (
            SELECT 1 FROM runs AS other
            WHERE other.node_id = found.node_id AND other.status IN ('dispatched', 'running')
              AND other.status = 'running'
          ) THEN 1 ELSE 0 END AS is_busy,
          CASE WHEN found.status = 'running' THEN COALESCE((
            SELECT CASE WHEN steps.status = 'active' THEN 2 WHEN steps.reason <> '' THEN 1 ELSE 0 END
            FROM steps
            WHERE steps.run_seq = found.seq AND steps.status IN ('running', 'active')
            ORDER BY steps.step_number DESC LIMIT 1
          ), 0) ELSE 0 END AS step_state
        FROM (
          SELECT runs.seq, runs.id, runs.group_number, runs.position, runs.node_id, runs.status,
            runs.dispatched_at, runs.started_at, runs.stop_deadline_at,
            CASE WHEN runs.stop_outcome IS NULL THEN 0 ELSE 1 END AS is_stopping
          FROM runs
          WHERE runs.instance_seq = ${seqOfInstance(options.instanceId)}
            AND runs.status IN ('dispatched', 'running')
          LIMIT ${options.looked}
        ) AS found
        LEFT JOIN nodes ON nodes.id = found.node_id
      ) AS known
      WINDOW kind AS (
        PARTITION BY group_number, status, is_stopping, is_online, is_busy, step_state
      )
    ) AS placed
    WHERE place <= ${options.examples}
    ORDER BY group_number, status, is_stopping, is_online, is_busy, step_state, place`;
  const { rows } = await statement.execute(reading(db));
  const kinds = new Map<string, { kind: Omit<InFlightKind, "examples">; examples: Row[] }>();
  for (const row of rows) {
    const kind = toKind(row);
    const key = JSON.stringify([kind.groupNumber, kind.facts]);
    const known = kinds.get(key) ?? { kind, examples: [] };
    known.examples.push(row);
    kinds.set(key, known);
  }
  const found = [...kinds.values()].map(({ kind, examples }) => ({
    ...kind,
    examples: examples.map(toExample),
  }));
  return { kinds: found, count: found.reduce((sum, { count }) => sum + count, 0) };
}

function toKind(row: Row): Omit<InFlightKind, "examples"> {
  return {
    groupNumber: row.group_number,
    facts: {
      status: row.status,
      isStopping: row.is_stopping === 1,
      isNodeOnline: row.is_online === 1,
      isNodeBusy: row.is_busy === 1,
      step: stepStates[row.step_state] ?? "none",
    },
    count: row.total,
    earliest: {
      dispatchedAt: row.first_dispatched_at,
      startedAt: row.first_started_at,
      stopDeadlineAt: row.first_stop_deadline_at,
      offlineSince: row.first_offline_since,
    },
  };
}

function toExample(row: Row): InFlightExample {
  return {
    runId: row.id,
    nodeId: row.node_id,
    nodeName: row.node_name ?? "",
    dispatchedAt: row.dispatched_at,
    startedAt: row.started_at,
    offlineSince: row.offline_since,
  };
}
