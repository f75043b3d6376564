import { inParts } from "./in-parts.ts";
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

/** The node ids, by group, that jobs were planned for, and forgets them; jobs that were added without a plan are left out. */
export async function takePlannedTargets(
  tx: Db,
  jobIds: readonly string[],
): Promise<Map<string, string[][]>> {
  const taken = new Map<string, string[][]>();
  for (const part of inParts(jobIds)) {
    // Primary key.
    const rows = await writing(tx)
      .deleteFrom("planned_targets")
      .where("job_id", "in", part)
      .returning(["job_id", "targets"])
      .execute();
    // The column holds what insertPlannedTargets wrote, and nothing else writes it.
    for (const row of rows) taken.set(row.job_id, JSON.parse(row.targets) as string[][]);
  }
  return taken;
}
