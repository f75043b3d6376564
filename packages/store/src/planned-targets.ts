import type { Db } from "./database.ts";
import { writing } from "./handle.ts";

/** Remembers for which nodes, by group, a job was planned; its first instance takes them. */
export async function insertPlannedTargets(
  tx: Db,
  planned: { readonly jobId: string; readonly targets: readonly (readonly string[])[] },
): Promise<void> {
  await writing(tx)
    .insertInto("planned_targets")
    .values({ job_id: planned.jobId, targets: JSON.stringify(planned.targets) })
    .execute();
}

/** The node ids, by group, that a job was planned for, and forgets them; undefined when it was added without a plan. */
export async function takePlannedTargets(tx: Db, jobId: string): Promise<string[][] | undefined> {
  // Primary key.
  const row = await writing(tx)
    .deleteFrom("planned_targets")
    .where("job_id", "=", jobId)
    .returning("targets")
    .executeTakeFirst();
  // The column holds what insertPlannedTargets wrote, and nothing else writes it.
  return row === undefined ? undefined : (JSON.parse(row.targets) as string[][]);
}
