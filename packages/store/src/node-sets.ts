import { setIdentifiersIn } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { atomically, reading, writing, type TransactionHandle } from "./handle.ts";
import type { Page, PageRequest } from "./page.ts";
import { countAll, readPage } from "./read-page.ts";
import { fromNodeSetRow, toNodeSetRow } from "./tables/node-sets-table.ts";

/** What a set of nodes is: a saved filter, a saved list or a cohort. */
export type NodeSetKind = "filter" | "list" | "cohort";

/** A set of nodes under a name that jobs may target. */
export interface NodeSetRow {
  readonly id: string;
  readonly kind: NodeSetKind;
  /** Unique among the sets of its kind. */
  readonly name: string;
  readonly description: string;
  /** JSON text of a filter's constraints; "" for the other kinds, which have members. */
  readonly constraints: string;
  /** What the original's cohorts refer to; kept and shown, "" when there is none. */
  readonly settingId: string;
  readonly skillAssemblyId: string;
  /** Of a cohort: nodes that are admitted to it wait for approval. */
  readonly approvalNeeded: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Id of the token that added it. */
  readonly createdBy: string;
}

/** Outcome of adding a set; `id` is the set that has the name already. */
export type InsertNodeSetOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "name-taken"; readonly id: string };

/** Adds a set with its members in this order. */
export async function insertNodeSet(
  db: Db,
  row: NodeSetRow,
  nodeIds: readonly string[],
): Promise<InsertNodeSetOutcome> {
  return await atomically(db, async (tx) => {
    const inserted = await tx.kysely
      .insertInto("node_sets")
      .values(fromNodeSetRow(row))
      .onConflict((conflict) => conflict.columns(["kind", "name"]).doNothing())
      .returning("seq")
      .executeTakeFirst();
    if (inserted === undefined) return { ok: false, reason: "name-taken", id: await idOf(tx, row) };
    await insertMembers(tx, inserted.seq, nodeIds);
    return { ok: true };
  });
}

async function idOf({ kysely }: TransactionHandle, { kind, name }: NodeSetRow): Promise<string> {
  const { id } = await kysely
    .selectFrom("node_sets")
    .select("id")
    .where("kind", "=", kind)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return id;
}

/** The set of this kind with this id or name; an id wins. */
export async function findNodeSet(
  db: Db,
  kind: NodeSetKind,
  identifier: string,
): Promise<NodeSetRow | undefined> {
  const rows = await reading(db)
    .selectFrom("node_sets")
    .selectAll()
    .where("kind", "=", kind)
    .where((eb) => eb.or([eb("id", "=", identifier), eb("name", "=", identifier)]))
    .execute();
  const row = rows.find(({ id }) => id === identifier) ?? rows[0];
  return row && toNodeSetRow(row);
}

/** Sets of one kind, newest first; `name` is an exact match, `keyword` a part of the name in any case . */
export async function listNodeSets(
  db: Db,
  options: PageRequest & {
    readonly kind: NodeSetKind;
    readonly name?: string;
    readonly keyword?: string;
  },
): Promise<Page<NodeSetRow>> {
  const { kind, name, keyword } = options;
  const matching = reading(db)
    .selectFrom("node_sets")
    .where("kind", "=", kind)
    .$if(name !== undefined, (query) => query.where("name", "=", name ?? ""))
    .$if(keyword !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          contains(sql`name`, keyword ?? ""),
          contains(sql`lower(name)`, (keyword ?? "").toLowerCase()),
        ]),
      ),
    );
  const { items, total } = await readPage(
    matching.selectAll().orderBy("created_at", "desc").orderBy("seq", "desc"),
    { count: matching.select(countAll), page: options },
  );
  return { items: items.map(toNodeSetRow), total };
}

function contains(column: RawBuilder<unknown>, text: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`${column} like ${`%${text.replaceAll(/[!%_]/g, "!$&")}%`} escape '!'`;
}

/** The ids of a set's members in their order; archived nodes are left out. */
export async function listNodeSetMembers(db: Db, setId: string): Promise<string[]> {
  // Primary key of node_set_members, then of nodes.
  const rows = await reading(db)
    .selectFrom("node_sets")
    .innerJoin("node_set_members", "node_set_members.set_seq", "node_sets.seq")
    .innerJoin("nodes", "nodes.seq", "node_set_members.node_seq")
    .select("nodes.id")
    .where("node_sets.id", "=", setId)
    .where("nodes.archived_at", "is", null)
    .orderBy("node_set_members.position")
    .execute();
  return rows.map(({ id }) => id);
}

/** Adds members behind those that there are; members already stay where they are. */
export async function addNodeSetMembers(
  db: Db,
  options: { readonly setId: string; readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void> {
  await atomically(db, async (tx) => {
    const set = await touchSet(tx, options);
    await insertMembers(tx, set.seq, options.nodeIds);
  });
}

/** Removes members; nodes that are none are no error. */
export async function removeNodeSetMembers(
  db: Db,
  options: { readonly setId: string; readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void> {
  await atomically(db, async (tx) => {
    const set = await touchSet(tx, options);
    for (const nodeIds of inParts(options.nodeIds)) {
      await tx.kysely
        .deleteFrom("node_set_members")
        .where("set_seq", "=", set.seq)
        .where("node_seq", "in", (eb) =>
          eb.selectFrom("nodes").select("seq").where("id", "in", nodeIds),
        )
        .execute();
    }
  });
}

/** Makes these nodes, in this order, all the members of a set. */
export async function replaceNodeSetMembers(
  db: Db,
  options: { readonly setId: string; readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void> {
  await atomically(db, async (tx) => {
    const set = await touchSet(tx, options);
    await tx.kysely.deleteFrom("node_set_members").where("set_seq", "=", set.seq).execute();
    await insertMembers(tx, set.seq, options.nodeIds);
  });
}

/** Replaces a filter's constraints, JSON text; jobs that target it find other nodes from their next instance on. */
export async function updateConstraints(
  db: Db,
  options: { readonly setId: string; readonly constraints: string; readonly now: number },
): Promise<void> {
  await writing(db)
    .updateTable("node_sets")
    .set({ constraints: options.constraints, updated_at: options.now })
    .where("id", "=", options.setId)
    .execute();
}

/** Deletes a set; false when it is gone already. */
export async function deleteNodeSet(db: Db, id: string): Promise<boolean> {
  return await atomically(db, async ({ kysely }) => {
    const set = await kysely
      .selectFrom("node_sets")
      .select("seq")
      .where("id", "=", id)
      .executeTakeFirst();
    if (set === undefined) return false;
    await kysely.deleteFrom("node_set_members").where("set_seq", "=", set.seq).execute();
    await kysely.deleteFrom("node_sets").where("seq", "=", set.seq).execute();
    return true;
  });
}

/** The update locks the row, so that changes of one set follow each other. */
async function touchSet(
  { kysely }: TransactionHandle,
  options: { readonly setId: string; readonly now: number },
): Promise<{ readonly seq: number }> {
  return await kysely
    .updateTable("node_sets")
    .set({ updated_at: options.now })
    .where("id", "=", options.setId)
    .returning("seq")
    .executeTakeFirstOrThrow();
}

async function insertMembers(
  { kysely }: TransactionHandle,
  setSeq: number,
  nodeIds: readonly string[],
): Promise<void> {
  const { last } = await kysely
    .selectFrom("node_set_members")
    .select(sql<number>`coalesce(max(position), -1)`.as("last"))
    .where("set_seq", "=", setSeq)
    .executeTakeFirstOrThrow();
  const positions = new Map([...new Set(nodeIds)].map((id, index) => [id, last + 1 + index]));
  for (const ids of inParts([...positions.keys()])) {
    const nodes = await kysely
      .selectFrom("nodes")
      .select(["seq", "id"])
      .where("id", "in", ids)
      .execute();
    if (nodes.length === 0) continue;
    const rows = nodes.map(({ seq, id }) => ({
      set_seq: setSeq,
      node_seq: seq,
      position: positions.get(id) ?? 0,
    }));
    await kysely
      .insertInto("node_set_members")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Name and id of a job that can still start and targets this set; undefined when there is none. */
export async function findJobUsing(
  db: Db,
  { kind, id, name }: NodeSetRow,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  // Reads every job that can still start: a set is deleted rarely, and jobs that ran once are completed.
  const jobs = await writing(db)
    .selectFrom("jobs")
    .select(["id", "name", "template"])
    .where("status", "in", ["active", "inactive"])
    .where("template", "like", `%"nodeListType":"${listTypes[kind]}"%`)
    .orderBy("seq")
    .execute();
  return jobs.find(({ template }) => targetsSet(template, { kind, identifiers: [id, name] }));
}

const listTypes = {
  filter: "savedFilter",
  list: "savedList",
  cohort: "cohorts",
} as const satisfies Record<NodeSetKind, string>;

function targetsSet(
  template: string,
  set: { readonly kind: NodeSetKind; readonly identifiers: readonly string[] },
): boolean {
  // The column holds the canonical form of a template that was validated when the job was added.
  const { target } = JSON.parse(template) as CanonicalJob;
  return target.groups.some(
    (group) =>
      group.nodeListType === listTypes[set.kind] &&
      setIdentifiersIn(group).some((identifier) => set.identifiers.includes(identifier)),
  );
}
