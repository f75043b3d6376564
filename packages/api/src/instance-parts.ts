import { listGroups, listRerunIds, type Db, type GroupRow } from "@courier/store";

/** What get-instance shows besides the instance's own row. */
export interface InstanceParts {
  readonly groups: readonly GroupRow[];
  readonly rerunInstanceIds: readonly string[];
}

/** Reads what belongs to an instance. */
export async function readParts(db: Db, instanceId: string): Promise<InstanceParts> {
  const groups = await listGroups(db, instanceId);
  return { groups, rerunInstanceIds: await listRerunIds(db, instanceId) };
}
