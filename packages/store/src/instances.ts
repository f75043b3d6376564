import type { InstanceStatus } from "@courier/core";
import type { Db } from "./database.ts";
import { type GroupRow, readGroups } from "./groups.ts";
import { atomically, reading, writing } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromGroupRow } from "./tables/groups-table.ts";
import { fromInstanceChange, fromInstanceRow, toInstanceRow } from "./tables/instances-table.ts";

/** One execution of a job. */
export interface InstanceRow {
  readonly id: string;
  readonly jobId: string;
  /** The occurrence that fired (Unix ms); negative: no occurrence fired it, any number that is unique in its job. */
  readonly nominalAt: number;
  readonly status: InstanceStatus;
  readonly reason: string;
  readonly executionType: "sequential" | "parallel";
  /** JSON text. */
  readonly actionSpec: string;
  /** JSON text. */
  readonly targetSpec: string;
  readonly jobName: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  /** Set exactly when the status is final. */
  readonly finishedAt: number | null;
  readonly lastUpdatedBy: string;
  readonly cancelRequestedAt: number | null;
  /** The instance whose runs this one executes again. */
  readonly originInstanceId: string | null;
  /** The number of the first step that its runs execute; null: all steps. */
  readonly fromStep: number | null;
  /** Since when it dispatches nothing (Unix ms); null: it is not paused. Only an open instance is. */
  readonly pausedAt: number | null;
}

/** What decisions about an instance depend on; its specifications, which grow with the fleet, stay where they are. */
export type InstanceHead = Pick<InstanceRow, "id" | "status" | "executionType" | "pausedAt">;

/** An instance with its groups in order. */
export interface LockedInstance {
  readonly instance: InstanceHead;
  readonly groups: readonly GroupRow[];
}

/** What `updateInstance` can change; a final status needs `finishedAt` in the same call. */
export type InstanceChange = Partial<
  Pick<
    InstanceRow,
    | "status"
    | "reason"
    | "startedAt"
    | "finishedAt"
    | "cancelRequestedAt"
    | "lastUpdatedBy"
    | "pausedAt"
  >
>;

/** An instance to add, with its groups. */
export interface NewInstance {
  readonly instance: InstanceRow;
  readonly groups: readonly GroupRow[];
}

/** Adds an instance with its groups; false, and nothing stored, when the job has fired for this nominal time already. */
export async function insertInstance(tx: Db, options: NewInstance): Promise<boolean> {
  return (await insertInstances(tx, [options])).has(options.instance.id);
}

/**
 * Adds instances with their groups; returns the ids of those that were added: the others' jobs have fired for their nominal
 * times already, and nothing of them is stored.
 */
export async function insertInstances(
  tx: Db,
  added: readonly NewInstance[],
): Promise<ReadonlySet<string>> {
  return await atomically(tx, async ({ batches }) => {
    const inserted = await batches.insertInstances(
      added.map(({ instance }) => fromInstanceRow(instance)),
    );
    const seqs = new Map(inserted.map(({ id, seq }) => [id, seq]));
    await batches.insertGroups(
      added.flatMap(({ instance, groups }) => {
        const seq = seqs.get(instance.id);
        return seq === undefined ? [] : groups.map((group) => fromGroupRow(group, seq));
      }),
    );
    return new Set(seqs.keys());
  });
}

/** The instance with this id. */
export async function findInstance(db: Db, id: string): Promise<InstanceRow | undefined> {
  const row = await reading(db)
    .selectFrom("instances")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row && toInstanceRow(row);
}

/** Ids of the instances that execute runs of this one again, oldest first. */
export async function listRerunIds(db: Db, originInstanceId: string): Promise<string[]> {
  // Index instances_of_origin.
  const rows = await reading(db)
    .selectFrom("instances")
    .select("id")
    .where("origin_instance_id", "=", originInstanceId)
    .orderBy("created_at")
    .orderBy("seq")
    .execute();
  return rows.map(({ id }) => id);
}

/** Instances, newest first. */
export async function listInstances(
  db: Db,
  options: PageRequest & {
    readonly jobId?: string;
    readonly status?: InstanceStatus;
    readonly createdAfter?: number;
    readonly createdBefore?: number;
  },
): Promise<Page<InstanceRow>> {
  const { jobId, status, createdAfter, createdBefore } = options;
  const matching = reading(db)
    .selectFrom("instances")
    .$if(jobId !== undefined, (query) => query.where("job_id", "=", jobId ?? ""))
    .$if(status !== undefined, (query) => query.where("status", "=", status ?? "pending"))
    .$if(createdAfter !== undefined, (query) => query.where("created_at", ">", createdAfter ?? 0))
    .$if(createdBefore !== undefined, (query) =>
      query.where("created_at", "<", createdBefore ?? 0),
    );
  const { items, total } = await readPage(
    matching.selectAll().orderBy("created_at", "desc").orderBy("seq", "desc"),
    { count: matching.select(countAll), page: options },
  );
  return { items: items.map(toInstanceRow), total };
}

/** Ids of the instances that have not ended, oldest first. */
export async function listOpenInstanceIds(db: Db): Promise<string[]> {
  // Index instances_open.
  const rows = await reading(db)
    .selectFrom("instances")
    .select("id")
    .where("finished_at", "is", null)
    .orderBy("created_at")
    .orderBy("seq")
    .execute();
  return rows.map(({ id }) => id);
}

/** Locks these instances (in id order, so that two callers cannot deadlock) until the transaction ends and reads them; missing ids are left out. */
export async function lockInstances(tx: Db, ids: readonly string[]): Promise<LockedInstance[]> {
  if (ids.length === 0) return [];
  return await atomically(tx, async ({ kysely, locks }) => {
    const instances = await kysely
      .selectFrom("instances")
      .select(["seq", "id", "status", "execution_type as executionType", "paused_at as pausedAt"])
      .where("id", "in", ids)
      .orderBy("id")
      .modifyEnd(locks.forUpdate)
      .execute();
    if (instances.length === 0) return [];
    const groups = await readGroups(
      kysely,
      instances.map(({ seq }) => seq),
    );
    return instances.map((row) => ({
      instance: {
        id: row.id,
        status: row.status,
        executionType: row.executionType,
        pausedAt: row.pausedAt,
      },
      groups: groups.filter(({ instanceId }) => instanceId === row.id),
    }));
  });
}

/** A move of a locked instance from the state that it is in. */
export interface InstanceMove {
  readonly id: string;
  readonly from: readonly InstanceStatus[];
  readonly status: InstanceStatus;
  /** Set when it starts (Unix ms). */
  readonly startedAt: number | null;
  /** Set when it ends (Unix ms), which also ends a pause. */
  readonly finishedAt: number | null;
}

/** Applies moves to instances that the transaction has locked; ids are unique. One that is in none of the states `from` stays. */
export async function moveInstances(
  tx: Db,
  options: { readonly moves: readonly InstanceMove[]; readonly now: number },
): Promise<void> {
  if (options.moves.length === 0) return;
  await atomically(tx, async ({ batches }) => await batches.moveInstances(options));
}

/** Changes an instance that is in one of the states `from`; false when it is not (a lost race). */
export async function updateInstance(
  tx: Db,
  options: {
    readonly id: string;
    readonly from: readonly InstanceStatus[];
    readonly set: InstanceChange;
    readonly now: number;
  },
): Promise<boolean> {
  const updated = await writing(tx)
    .updateTable("instances")
    .set({ ...fromInstanceChange(options.set), updated_at: options.now })
    .where("id", "=", options.id)
    .where("status", "in", options.from)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}
