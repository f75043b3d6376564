import { assert, runCountNames } from "@courier/core";
import type { DispatchRuns, EndRuns, InsertRuns } from "../batches.ts";
import { dispatchableStates, sqlList } from "../from-states.ts";
import type { CountsDelta } from "../groups.ts";
import { firstToken, type DispatchedRun, type EndedRun } from "../runs.ts";
import { countColumns } from "../tables/groups-table.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** See `Batches.insertRuns`. */
export function insertRuns(connection: SqliteConnection, options: InsertRuns): void {
  const { groupNumber, createdAt } = options;
  const instanceSeq = seqOfInstance(connection, options.instanceId);
  const pending = connection.prepare(insertText("'pending'", "NULL, 0"));
  // Unique index on nodes.id.
  const sent = "(SELECT online FROM nodes WHERE nodes.id = ?5)";
  const dispatched = connection.prepare(insertText("'dispatched'", `?6, ${sent}`));
  for (const { id, position, nodeId, isDispatched = false } of options.runs) {
    const insert = isDispatched ? dispatched : pending;
    insert.run(id, instanceSeq, groupNumber, position, nodeId, createdAt);
  }
}

function insertText(status: string, dispatch: string): string {
  return `INSERT INTO runs (id, instance_seq, group_number, position, node_id, status, token, reason, created_at, updated_at,
      dispatched_at, sent)
    VALUES (?1, ?2, ?3, ?4, ?5, ${status}, ${firstToken}, '', ?6, ?6, ${dispatch})`;
}

/** See `Batches.insertRunsOfGroups`. */
export function insertRunsOfGroups(
  connection: SqliteConnection,
  groups: readonly InsertRuns[],
): void {
  for (const group of groups) insertRuns(connection, group);
}

/** See `Batches.dispatchRuns`. */
export function dispatchRuns(connection: SqliteConnection, options: DispatchRuns): DispatchedRun[] {
  // Unique index on runs.id.
  const update = connection.prepare(
    `UPDATE runs SET status = 'dispatched', dispatched_at = ?, updated_at = ?,
       sent = (SELECT online FROM nodes WHERE nodes.id = runs.node_id)
     WHERE id = ? AND status IN (${sqlList(dispatchableStates)})
     RETURNING id, node_id AS nodeId, token`,
  );
  const dispatched: DispatchedRun[] = [];
  for (const id of options.ids) {
    // The columns are those that the statement names.
    const row = update.get(options.now, options.now, id) as DispatchedRun | undefined;
    if (row !== undefined) dispatched.push({ ...row });
  }
  return dispatched;
}

/** See `Batches.endRuns`. */
export function endRuns(connection: SqliteConnection, options: EndRuns): EndedRun[] {
  // Unique index on runs.id; the update goes by rowid. Nobody else writes between the two: the transaction is alone.
  const select = connection.prepare(
    `SELECT runs.seq, runs.id, instances.id AS instanceId, runs.group_number AS groupNumber, runs.status AS previous,
       runs.node_id AS nodeId, runs.token
     FROM runs CROSS JOIN instances ON instances.seq = runs.instance_seq WHERE runs.id = ?`,
  );
  const update = connection.prepare(
    "UPDATE runs SET status = ?, reason = ?, finished_at = ?, updated_at = ? WHERE seq = ?",
  );
  const ended: EndedRun[] = [];
  for (const id of options.ids) {
    // The columns are those that the statement names.
    const row = select.get(id) as (EndedRun & { seq: number }) | undefined;
    if (row === undefined || !options.from.includes(row.previous)) continue;
    update.run(options.status, options.reason, options.now, options.now, row.seq);
    const { seq: _, ...run } = row;
    ended.push(run);
  }
  return ended;
}

/** See `Batches.addToCounts`. */
export function addToCounts(connection: SqliteConnection, deltas: readonly CountsDelta[]): void {
  const changes = runCountNames.map((name) => `${countColumns[name]} = ${countColumns[name]} + ?`);
  // Primary key of groups, unique index on instances.id.
  const update = connection.prepare(
    `UPDATE groups SET ${changes.join(", ")}
     WHERE instance_seq = (SELECT seq FROM instances WHERE id = ?) AND group_number = ?`,
  );
  for (const { instanceId, groupNumber, counts } of deltas) {
    const added = runCountNames.map((name) => counts[name] ?? 0);
    const { changes: changed } = update.run(...added, instanceId, groupNumber);
    assert(Number(changed) === 1, `group ${groupNumber} of instance ${instanceId} exists`);
  }
}

/** The surrogate key of an instance, which must exist. */
function seqOfInstance(connection: SqliteConnection, instanceId: string): number {
  const row = connection.prepare("SELECT seq FROM instances WHERE id = ?").get(instanceId);
  assert(row !== undefined, `instance ${instanceId} exists`);
  // The column is the one that the statement names.
  return (row as { seq: number }).seq;
}
