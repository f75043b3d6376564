import { assert, runCountNames } from "@courier/core";
import type { DispatchRuns, EndRuns, InsertRuns } from "../batches.ts";
import { dispatchableStates, sqlList } from "../from-states.ts";
import type { CountsDelta } from "../groups.ts";
import { firstToken, type DispatchedRun, type EndedRun, type NewRun } from "../runs.ts";
import { countColumns } from "../tables/groups-table.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

const newRunColumns = `id, instance_seq, group_number, "position", node_id, status, token, reason, created_at, updated_at,
  dispatched_at, sent`;

/** What `newRunColumns` become of a row `run`; unique index on nodes.id. */
const newRunState = `run.status, ${firstToken}, '', run.made, run.made,
  CASE run.status WHEN 'dispatched' THEN run.made END,
  CASE run.status WHEN 'dispatched' THEN (SELECT online FROM nodes WHERE nodes.id = run.node_id) ELSE 0 END`;

function statusOf({ isDispatched = false }: NewRun): "pending" | "dispatched" {
  return isDispatched ? "dispatched" : "pending";
}

/** See `Batches.insertRuns`. */
export async function insertRuns(client: Queryable, options: InsertRuns): Promise<void> {
  const { instanceId, groupNumber, createdAt, runs } = options;
  const text = `
    WITH inserted AS (
      INSERT INTO runs (${newRunColumns})
      SELECT run.id, instances.seq, $2, run.place, run.node_id, ${newRunState}
      FROM instances,
        LATERAL (SELECT $3::bigint AS made, * FROM unnest($4::text[], $5::text[], $6::bigint[], $7::text[])
          AS run (id, node_id, place, status)) AS run
      WHERE instances.id = $1
      RETURNING 1)
    SELECT count(*) AS count FROM inserted`;
  const [row] = await queryRows<{ count: number }>(client, {
    text,
    values: [
      instanceId,
      groupNumber,
      createdAt,
      runs.map(({ id }) => id),
      runs.map(({ nodeId }) => nodeId),
      runs.map(({ position }) => position),
      runs.map(statusOf),
    ],
  });
  assert(row?.count === runs.length, `instance ${instanceId} exists`);
}

/** See `Batches.insertRunsOfGroups`. */
export async function insertRunsOfGroups(
  client: Queryable,
  groups: readonly InsertRuns[],
): Promise<void> {
  const rows = groups.flatMap(({ runs, ...group }) => runs.map((run) => ({ ...group, ...run })));
  // Unique index on instances.id.
  const text = `
    WITH inserted AS (
      INSERT INTO runs (${newRunColumns})
      SELECT run.id, instance.seq, run.number, run.place, run.node_id, ${newRunState}
      FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[])
        AS run (instance_id, number, made, id, node_id, place, status),
        LATERAL (SELECT seq FROM instances WHERE id = run.instance_id LIMIT 1) AS instance
      RETURNING 1)
    SELECT count(*) AS count FROM inserted`;
  const [row] = await queryRows<{ count: number }>(client, {
    text,
    values: [
      rows.map(({ instanceId }) => instanceId),
      rows.map(({ groupNumber }) => groupNumber),
      rows.map(({ createdAt }) => createdAt),
      rows.map(({ id }) => id),
      rows.map(({ nodeId }) => nodeId),
      rows.map(({ position }) => position),
      rows.map(statusOf),
    ],
  });
  assert(row?.count === rows.length, "the instances exist");
}

/** See `Batches.dispatchRuns`. */
export async function dispatchRuns(
  client: Queryable,
  options: DispatchRuns,
): Promise<DispatchedRun[]> {
  // Unique index on runs.id, then the primary key.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT run.seq FROM unnest($1::text[]) AS wanted (id),
        LATERAL (SELECT seq, status FROM runs WHERE id = wanted.id FOR UPDATE) AS run
      WHERE run.status IN (${sqlList(dispatchableStates)}))
    UPDATE runs SET status = 'dispatched', dispatched_at = $2, updated_at = $2,
      sent = (SELECT online FROM nodes WHERE nodes.id = runs.node_id)
    FROM claimed WHERE runs.seq = claimed.seq
    RETURNING runs.id, runs.node_id AS "nodeId", runs.token`;
  return await queryRows(client, { text, values: [options.ids.toSorted(), options.now] });
}

/** See `Batches.endRuns`. */
export async function endRuns(client: Queryable, options: EndRuns): Promise<EndedRun[]> {
  // Unique index on runs.id, then the primary keys of runs and instances.
  const text = `
    WITH claimed AS MATERIALIZED (
      SELECT run.seq, run.status FROM unnest($1::text[]) AS wanted (id),
        LATERAL (SELECT seq, status FROM runs WHERE id = wanted.id FOR UPDATE) AS run
      WHERE run.status = ANY ($2::text[]))
    UPDATE runs SET status = $3, reason = $4, finished_at = $5, updated_at = $5
    FROM claimed, instances
    WHERE runs.seq = claimed.seq AND instances.seq = runs.instance_seq
    RETURNING runs.id, instances.id AS "instanceId", runs.group_number AS "groupNumber",
      claimed.status AS previous, runs.node_id AS "nodeId", runs.token`;
  const { ids, from, status, reason, now } = options;
  return await queryRows(client, { text, values: [ids.toSorted(), from, status, reason, now] });
}

/** See `Batches.addToCounts`. */
export async function addToCounts(
  client: Queryable,
  deltas: readonly CountsDelta[],
): Promise<void> {
  const columns = runCountNames.map((name) => countColumns[name]);
  const changes = columns.map((column) => `${column} = groups.${column} + found.${column}`);
  const arrays = columns.map((_, index) => `$${index + 3}::bigint[]`);
  // Unique index on instances.id, primary key of groups. The callers hold the locks of the instances. Found first, so
  // that both columns of the key are known: else the planner may read all groups once per element.
  const text = `
    WITH found AS MATERIALIZED (
      SELECT instance.seq, delta.*
      FROM unnest($1::text[], $2::bigint[], ${arrays.join(", ")}) AS delta (instance_id, number, ${columns.join(", ")}),
        LATERAL (SELECT seq FROM instances WHERE id = delta.instance_id LIMIT 1) AS instance)
    UPDATE groups SET ${changes.join(", ")}
    FROM found
    WHERE groups.instance_seq = found.seq AND groups.group_number = found.number
    RETURNING groups.group_number`;
  const changed = await queryRows(client, {
    text,
    values: [
      deltas.map(({ instanceId }) => instanceId),
      deltas.map(({ groupNumber }) => groupNumber),
      ...runCountNames.map((name) => deltas.map(({ counts }) => counts[name] ?? 0)),
    ],
  });
  assert(changed.length === deltas.length, "the groups exist");
}
