import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { atomically, reading, writing, type TransactionHandle } from "./handle.ts";
import { addNodeSetMembers } from "./node-sets.ts";

/** Changes what a cohort says of itself; false when another cohort has the name. Absent values stay. */
export async function updateCohort(
  db: Db,
  options: {
    readonly setId: string;
    readonly name?: string | undefined;
    readonly description?: string | undefined;
    readonly approvalNeeded?: boolean | undefined;
    readonly now: number;
  },
): Promise<boolean> {
  const { setId, name, description, approvalNeeded, now } = options;
  return await atomically(db, async ({ kysely }) => {
    if (name !== undefined) {
      const owner = await kysely
        .selectFrom("node_sets")
        .select("id")
        .where("kind", "=", "cohort")
        .where("name", "=", name)
        .where("id", "<>", setId)
        .executeTakeFirst();
      if (owner !== undefined) return false;
    }
    await kysely
      .updateTable("node_sets")
      .set({
        updated_at: now,
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(approvalNeeded === undefined ? {} : { approval_needed: approvalNeeded ? 1 : 0 }),
      })
      .where("id", "=", setId)
      .execute();
    return true;
  });
}

/** Takes a node out of every cohort that it is in, and puts it into this one. */
export async function moveToCohort(
  db: Db,
  options: { readonly nodeId: string; readonly cohortId: string; readonly now: number },
): Promise<void> {
  const { nodeId, cohortId, now } = options;
  await atomically(db, async (tx) => {
    await leaveOtherCohorts(tx, nodeId, cohortId);
    await addNodeSetMembers(tx, { setId: cohortId, nodeIds: [nodeId], now });
  });
}

/** Makes admitted nodes enrolled; returns the ids of those that it changed. */
export async function approveNodes(
  db: Db,
  options: { readonly nodeIds: readonly string[]; readonly now: number },
): Promise<string[]> {
  const nodeIds = [...new Set(options.nodeIds)];
  const changed: string[] = [];
  for (const part of inParts(nodeIds)) {
    const rows = await writing(db)
      .updateTable("nodes")
      .set({ enrollment_level: "enrolled", updated_at: options.now })
      .where("id", "in", part)
      .where("enrollment_level", "=", "admitted")
      .returning("id")
      .execute();
    changed.push(...rows.map(({ id }) => id));
  }
  return changed;
}

/** Which of these nodes wait for approval. */
export async function findAdmittedNodes(
  db: Db,
  nodeIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const admitted = new Set<string>();
  for (const part of inParts(nodeIds)) {
    // Unique index on nodes.id.
    const rows = await reading(db)
      .selectFrom("nodes")
      .select("id")
      .where("id", "in", part)
      .where("enrollment_level", "=", "admitted")
      .execute();
    for (const { id } of rows) admitted.add(id);
  }
  return admitted;
}

async function leaveOtherCohorts(
  { kysely }: TransactionHandle,
  nodeId: string,
  cohortId: string,
): Promise<void> {
  await kysely
    .deleteFrom("node_set_members")
    .where("node_seq", "in", (eb) => eb.selectFrom("nodes").select("seq").where("id", "=", nodeId))
    .where("set_seq", "in", (eb) =>
      eb
        .selectFrom("node_sets")
        .select("seq")
        .where("kind", "=", "cohort")
        .where("id", "<>", cohortId),
    )
    .execute();
}
