import { jobTransitions, sourcesOf } from "@courier/core";
import type { InsertedInstance, InstanceMoves, JobsFired } from "../batches.ts";
import { sqlList } from "../from-states.ts";
import type { GroupUpdate } from "../groups.ts";
import { columnNames } from "../tables/columns.ts";
import { groupsColumns, type GroupsTable } from "../tables/groups-table.ts";
import { addedInstanceColumns, type AddedInstance } from "../tables/instances-table.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** See `Batches.setJobsFired`. */
export function setJobsFired(connection: SqliteConnection, { jobs, now }: JobsFired): void {
  // Unique index on jobs.id.
  const update = connection.prepare(
    `UPDATE jobs SET status = ?, next_execution_at = ?, blocked = ?, exceptions_version = ?, review_at = ?, updated_at = ?
     WHERE id = ? AND status IN (${sqlList(sourcesOf(jobTransitions, "complete"))})`,
  );
  for (const job of jobs) {
    const { id, status, nextExecutionAt, blocked, exceptionsVersion, reviewAt } = job;
    update.run(status, nextExecutionAt, blocked, exceptionsVersion, reviewAt, now, id);
  }
}

/** See `Batches.updateGroups`. */
export function updateGroups(
  connection: SqliteConnection,
  updates: readonly GroupUpdate[],
): number {
  // Unique index on instances.id, primary key of groups.
  const update = connection.prepare(
    `UPDATE groups SET status = ?, reason = ?, cursor_position = ?, batch_end = ?, halt_reason = ?, started_at = ?,
       deadline_at = ?, soak_until = ?, held_at = ?, finished_at = ?
     WHERE instance_seq = (SELECT seq FROM instances WHERE id = ?) AND group_number = ? AND status = ?`,
  );
  let changed = 0;
  for (const { instanceId, groupNumber, from, set } of updates) {
    const { status, reason, cursor, batchEnd, haltReason, startedAt, deadlineAt } = set;
    const values = [status, reason, cursor, batchEnd, haltReason, startedAt, deadlineAt] as const;
    const { changes } = update.run(
      ...values,
      set.soakUntil,
      set.heldAt,
      set.finishedAt,
      instanceId,
      groupNumber,
      from,
    );
    changed += Number(changes);
  }
  return changed;
}

/** See `Batches.moveInstances`. */
export function moveInstances(connection: SqliteConnection, { moves, now }: InstanceMoves): void {
  // Unique index on instances.id.
  const update = connection.prepare(
    `UPDATE instances SET status = ?, started_at = COALESCE(?, started_at), finished_at = COALESCE(?, finished_at),
       paused_at = CASE WHEN ? IS NULL THEN paused_at END, updated_at = ?
     WHERE id = ? AND instr(?, ',' || status || ',') > 0`,
  );
  for (const { id, from, status, startedAt, finishedAt } of moves) {
    update.run(status, startedAt, finishedAt, finishedAt, now, id, `,${from.join(",")},`);
  }
}

/** See `Batches.insertInstances`. */
export function insertInstances(
  connection: SqliteConnection,
  rows: readonly AddedInstance[],
): InsertedInstance[] {
  const names = columnNames(addedInstanceColumns);
  // Unique index on instances (job_id, nominal_at).
  const insert = connection.prepare(
    `${insertText("instances", names)} ON CONFLICT (job_id, nominal_at) DO NOTHING RETURNING id, seq`,
  );
  const inserted: InsertedInstance[] = [];
  for (const row of rows) {
    // The columns are those that the statement names.
    const added = insert.get(...names.map((name) => row[name])) as InsertedInstance | undefined;
    if (added !== undefined) inserted.push(added);
  }
  return inserted;
}

/** See `Batches.insertGroups`. */
export function insertGroups(connection: SqliteConnection, rows: readonly GroupsTable[]): void {
  const names = columnNames(groupsColumns);
  const insert = connection.prepare(insertText("groups", names));
  for (const row of rows) insert.run(...names.map((name) => row[name]));
}

function insertText(table: string, names: readonly string[]): string {
  return `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
}
