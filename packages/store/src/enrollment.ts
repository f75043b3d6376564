import type { Kysely } from "kysely";
import type { Db } from "./database.ts";
import { atomically, writing, type TransactionHandle } from "./handle.ts";
import { replaceNodeFacts } from "./node-facts.ts";
import { addNodeSetMembers, findNodeSet, type NodeSetRow } from "./node-sets.ts";
import { fromEnrollmentKeyRow } from "./tables/enrollment-keys-table.ts";
import type { Tables } from "./tables/tables.ts";

/** A key that admits nodes; only its hash is stored. */
export interface EnrollmentKeyRow {
  readonly id: string;
  readonly hash: string;
  readonly prefix: string;
  readonly expiresAt: number;
  readonly usesLeft: number;
  readonly createdAt: number;
  readonly createdBy: string;
  /** The cohort that its nodes are put into. */
  readonly cohortId?: string | undefined;
}

/** Outcome of an enrolment. */
export type EnrolNodeOutcome =
  | { readonly ok: true; readonly nodeId: string }
  | {
      readonly ok: false;
      readonly reason: "key-unknown" | "key-expired" | "key-used-up" | "name-taken" | "cohort-gone";
    };

/** Adds an enrolment key. */
export async function insertEnrollmentKey(db: Db, row: EnrollmentKeyRow): Promise<void> {
  await writing(db).insertInto("enrollment_keys").values(fromEnrollmentKeyRow(row)).execute();
}

/**
 * Admits a node and consumes one use of the key. The same name with the same public key again is the node that did not
 * get its first answer: the same node id, no use consumed, even when the key is used up or expired by then.
 */
export async function enrolNode(
  tx: Db,
  options: {
    readonly id: string;
    readonly name: string;
    readonly publicKey: string;
    readonly keyHash: string;
    /** JSON text. */
    readonly attributes: string;
    readonly now: number;
  },
): Promise<EnrolNodeOutcome> {
  return await atomically(tx, async (handle) => {
    const { kysely, locks } = handle;
    // The lock keeps two nodes from taking the last use; it is always taken first, so that nobody deadlocks.
    const key = await kysely
      .selectFrom("enrollment_keys")
      .select(["id", "expires_at", "uses_left", "cohort_id"])
      .where("hash", "=", options.keyHash)
      .modifyEnd(locks.forUpdate)
      .executeTakeFirst();
    if (key === undefined) return { ok: false, reason: "key-unknown" };
    const before = await findSameName(kysely, options);
    if (before?.ok === true) return before;
    if (key.expires_at <= options.now) return { ok: false, reason: "key-expired" };
    if (key.uses_left === 0) return { ok: false, reason: "key-used-up" };
    if (before !== undefined) return before;
    const cohort = await findCohort(handle, key.cohort_id);
    if (cohort === "gone") return { ok: false, reason: "cohort-gone" };
    const level = cohort?.approvalNeeded === true ? "admitted" : "enrolled";
    const inserted = await insertNode(kysely, options, level);
    if (inserted === undefined) return await nameTakenMeanwhile(kysely, options);
    if (cohort !== undefined) {
      const { now } = options;
      await addNodeSetMembers(handle, { setId: cohort.id, nodeIds: [options.id], now });
    }
    const facts = { attributes: options.attributes, userAttributes: "{}", skills: "[]" };
    await replaceNodeFacts(handle, [{ seq: inserted.seq, ...facts }]);
    await kysely
      .updateTable("enrollment_keys")
      .set({ uses_left: key.uses_left - 1 })
      .where("id", "=", key.id)
      .execute();
    return { ok: true, nodeId: options.id };
  });
}

type NewNode = Parameters<typeof enrolNode>[1];

/** The cohort of a key; undefined when the key names none. */
async function findCohort(
  tx: TransactionHandle,
  id: string | null,
): Promise<NodeSetRow | "gone" | undefined> {
  if (id === null) return undefined;
  return (await findNodeSet(tx, "cohort", id)) ?? "gone";
}

/** What a node of this name that exists already means; undefined when there is none. */
async function findSameName(
  kysely: Kysely<Tables>,
  options: NewNode,
): Promise<EnrolNodeOutcome | undefined> {
  const node = await kysely
    .selectFrom("nodes")
    .select(["id", "public_key"])
    .where("name", "=", options.name)
    .executeTakeFirst();
  if (node === undefined) return undefined;
  if (node.public_key !== options.publicKey) return { ok: false, reason: "name-taken" };
  return { ok: true, nodeId: node.id };
}

/** Another transaction, with another key, has taken the name since it was looked for. */
async function nameTakenMeanwhile(
  kysely: Kysely<Tables>,
  options: NewNode,
): Promise<EnrolNodeOutcome> {
  return (await findSameName(kysely, options)) ?? { ok: false, reason: "name-taken" };
}

/** Undefined when the name is taken. */
async function insertNode(
  kysely: Kysely<Tables>,
  options: NewNode,
  level: "admitted" | "enrolled",
): Promise<{ seq: number } | undefined> {
  return await kysely
    .insertInto("nodes")
    .values({
      id: options.id,
      name: options.name,
      public_key: options.publicKey,
      enrollment_level: level,
      online: 0,
      offline_since: options.now,
      boot_id: "",
      journal_id: "",
      agent_version: "",
      attributes: options.attributes,
      created_at: options.now,
      updated_at: options.now,
    })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning("seq")
    .executeTakeFirst();
}
