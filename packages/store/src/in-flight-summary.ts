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
  readonly is_unapproved: number;
  readonly is_busy: number;
  readonly step_state: number;
  readonly dispatched_at: number;
  readonly started_at: number | null;
  readonly stop_deadline_at: number | null;
  readonly offline_since: number | null;
  readonly position: number;
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
  // Index runs_in_flight; for each run the unique index on nodes.id, runs_of_node and the primary key of steps. Counted here:
  // sorting the rows for window functions took the database longer than reading them.
  const statement = sql<Row>`
    SELECT found.*, nodes.name AS node_name,
      CASE WHEN nodes.online = 1 THEN NULL ELSE nodes.offline_since END AS offline_since,
      CASE WHEN nodes.online = 1 AND nodes.archived_at IS NULL THEN 1 ELSE 0 END AS is_online,
      CASE WHEN nodes.enrollment_level = 'admitted' THEN 1 ELSE 0 END AS is_unapproved,
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
    LEFT JOIN nodes ON nodes.id = found.node_id`;
  const { rows } = await statement.execute(reading(db));
  const kinds = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const same = kinds.get(key);
    if (same === undefined) kinds.set(key, [row]);
    else same.push(row);
  }
  const sorted = [...kinds.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const found = sorted.flatMap(([, same]) => summarise(same, options.examples));
  return { kinds: found, count: rows.length };
}

function keyOf(row: Row): string {
  const {
    group_number: group,
    status,
    is_stopping,
    is_online,
    is_unapproved,
    is_busy,
    step_state,
  } = row;
  return `${String(group).padStart(9, "0")} ${status} ${is_stopping} ${is_online} ${is_unapproved} ${is_busy} ${step_state}`;
}

function summarise(same: readonly Row[], examples: number): InFlightKind[] {
  const [first] = same;
  if (first === undefined) return [];
  const inOrder = same.toSorted((left, right) => left.position - right.position);
  return [
    {
      groupNumber: first.group_number,
      facts: factsOf(first),
      count: same.length,
      earliest: {
        dispatchedAt: earliest(same, (row) => row.dispatched_at) ?? first.dispatched_at,
        startedAt: earliest(same, (row) => row.started_at),
        stopDeadlineAt: earliest(same, (row) => row.stop_deadline_at),
        offlineSince: earliest(same, (row) => row.offline_since),
      },
      examples: inOrder.slice(0, examples).map(toExample),
    },
  ];
}

function earliest(rows: readonly Row[], timeOf: (row: Row) => number | null): number | null {
  return rows.reduce<number | null>((least, row) => {
    const time = timeOf(row);
    return time === null || (least !== null && least <= time) ? least : time;
  }, null);
}

function factsOf(row: Row): InFlightFacts {
  return {
    status: row.status,
    isStopping: row.is_stopping === 1,
    isNodeOnline: row.is_online === 1,
    isNodeUnapproved: row.is_unapproved === 1,
    isNodeBusy: row.is_busy === 1,
    step: stepStates[row.step_state] ?? "none",
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
