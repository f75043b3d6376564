import { jobTransitions, sourcesOf } from "@courier/core";
import type { InstanceMoves, JobsFired } from "../batches.ts";
import { sqlList } from "../from-states.ts";
import type { GroupUpdate } from "../groups.ts";
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
