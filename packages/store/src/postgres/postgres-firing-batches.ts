import { jobTransitions, sourcesOf } from "@courier/core";
import type { InsertedInstance, InstanceMoves, JobsFired } from "../batches.ts";
import { sqlList } from "../from-states.ts";
import type { GroupUpdate } from "../groups.ts";
import { columnNames, type Columns } from "../tables/columns.ts";
import { groupsColumns, type GroupsTable } from "../tables/groups-table.ts";
import { addedInstanceColumns, type AddedInstance } from "../tables/instances-table.ts";
import { type Queryable, queryRows } from "./postgres-dialect.ts";

/** See `Batches.setJobsFired`. */
export async function setJobsFired(client: Queryable, options: JobsFired): Promise<void> {
  const { jobs, now } = options;
  // Unique index on jobs.id; the callers hold the locks of the jobs.
  const text = `
    UPDATE jobs SET status = fired.status, next_execution_at = fired.next_at, blocked = fired.blocked,
      exceptions_version = fired.version, review_at = fired.review_at, updated_at = $7
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[])
        AS fired (id, status, next_at, blocked, version, review_at),
      LATERAL (SELECT seq FROM jobs WHERE id = fired.id LIMIT 1) AS job
    WHERE jobs.seq = job.seq AND jobs.status IN (${sqlList(sourcesOf(jobTransitions, "complete"))})`;
  await queryRows(client, {
    text,
    values: [
      jobs.map(({ id }) => id),
      jobs.map(({ status }) => status),
      jobs.map(({ nextExecutionAt }) => nextExecutionAt),
      jobs.map(({ blocked }) => blocked),
      jobs.map(({ exceptionsVersion }) => exceptionsVersion),
      jobs.map(({ reviewAt }) => reviewAt),
      now,
    ],
  });
}

/** See `Batches.updateGroups`. */
export async function updateGroups(
  client: Queryable,
  updates: readonly GroupUpdate[],
): Promise<number> {
  // Unique index on instances.id, primary key of groups. The callers hold the locks of the instances. Found first, so
  // that both columns of the key are known: else the planner may read all groups once per element.
  const text = `
    WITH found AS MATERIALIZED (
      SELECT instance.seq, change.*
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
          $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
          AS change (instance_id, number, source, status, reason, place, batch_end, halt_reason, started_at, deadline_at,
            soak_until, held_at, finished_at),
        LATERAL (SELECT seq FROM instances WHERE id = change.instance_id LIMIT 1) AS instance)
    UPDATE groups SET status = found.status, reason = found.reason, cursor_position = found.place,
      batch_end = found.batch_end, halt_reason = found.halt_reason, started_at = found.started_at,
      deadline_at = found.deadline_at, soak_until = found.soak_until, held_at = found.held_at,
      finished_at = found.finished_at
    FROM found
    WHERE groups.instance_seq = found.seq AND groups.group_number = found.number AND groups.status = found.source
    RETURNING groups.group_number`;
  const changed = await queryRows(client, {
    text,
    values: [
      updates.map(({ instanceId }) => instanceId),
      updates.map(({ groupNumber }) => groupNumber),
      updates.map(({ from }) => from),
      updates.map(({ set }) => set.status),
      updates.map(({ set }) => set.reason),
      updates.map(({ set }) => set.cursor),
      updates.map(({ set }) => set.batchEnd),
      updates.map(({ set }) => set.haltReason),
      updates.map(({ set }) => set.startedAt),
      updates.map(({ set }) => set.deadlineAt),
      updates.map(({ set }) => set.soakUntil),
      updates.map(({ set }) => set.heldAt),
      updates.map(({ set }) => set.finishedAt),
    ],
  });
  return changed.length;
}

/** See `Batches.moveInstances`. */
export async function moveInstances(client: Queryable, options: InstanceMoves): Promise<void> {
  const { moves, now } = options;
  // Unique index on instances.id; the callers hold the locks of the instances.
  const text = `
    UPDATE instances SET status = change.status, started_at = COALESCE(change.started_at, instances.started_at),
      finished_at = COALESCE(change.finished_at, instances.finished_at),
      paused_at = CASE WHEN change.finished_at IS NULL THEN instances.paused_at END, updated_at = $6
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
        AS change (id, sources, status, started_at, finished_at),
      LATERAL (SELECT seq FROM instances WHERE id = change.id LIMIT 1) AS instance
    WHERE instances.seq = instance.seq AND instances.status = ANY (string_to_array(change.sources, ','))`;
  await queryRows(client, {
    text,
    values: [
      moves.map(({ id }) => id),
      moves.map(({ from }) => from.join(",")),
      moves.map(({ status }) => status),
      moves.map(({ startedAt }) => startedAt),
      moves.map(({ finishedAt }) => finishedAt),
      now,
    ],
  });
}

/** See `Batches.insertInstances`. */
export async function insertInstances(
  client: Queryable,
  rows: readonly AddedInstance[],
): Promise<InsertedInstance[]> {
  const { text, values } = insertOf("instances", addedInstanceColumns, rows);
  // Unique index on instances (job_id, nominal_at).
  return await queryRows(client, {
    text: `${text} ON CONFLICT (job_id, nominal_at) DO NOTHING RETURNING id, seq`,
    values,
  });
}

/** See `Batches.insertGroups`. */
export async function insertGroups(client: Queryable, rows: readonly GroupsTable[]): Promise<void> {
  await queryRows(client, insertOf("groups", groupsColumns, rows));
}

/** One array per column. */
function insertOf<Table>(
  table: string,
  columns: Columns<Table>,
  rows: readonly Table[],
): { readonly text: string; readonly values: readonly unknown[] } {
  const names = columnNames(columns);
  const arrays = names.map((name, index) => {
    const kind = columns[name].startsWith("text") ? "text" : "bigint";
    return `$${index + 1}::${kind}[]`;
  });
  return {
    text: `INSERT INTO ${table} (${names.join(", ")}) SELECT * FROM unnest(${arrays.join(", ")})`,
    values: names.map((name) => rows.map((row) => row[name])),
  };
}
