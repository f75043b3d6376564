import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";

/** The stored answer to an idempotency key: which body it came with, which job it made or, when set, which instance. */
export interface IdempotencyRow {
  readonly bodyHash: string;
  readonly jobId: string;
  readonly instanceId: string | null;
}

/** What a token has used a key for before. */
export async function findIdempotency(
  db: Db,
  options: { readonly tokenId: string; readonly key: string },
): Promise<IdempotencyRow | undefined> {
  return await reading(db)
    .selectFrom("idempotency_keys")
    .select(["body_hash as bodyHash", "job_id as jobId", "instance_id as instanceId"])
    .where("token_id", "=", options.tokenId)
    .where("key", "=", options.key)
    .executeTakeFirst();
}

/** Records a key; false when this token has used it already. */
export async function insertIdempotency(
  tx: Db,
  row: IdempotencyRow & {
    readonly tokenId: string;
    readonly key: string;
    readonly createdAt: number;
  },
): Promise<boolean> {
  const inserted = await writing(tx)
    .insertInto("idempotency_keys")
    .values({
      token_id: row.tokenId,
      key: row.key,
      body_hash: row.bodyHash,
      job_id: row.jobId,
      instance_id: row.instanceId,
      created_at: row.createdAt,
    })
    .onConflict((conflict) => conflict.columns(["token_id", "key"]).doNothing())
    .returning("key")
    .executeTakeFirst();
  return inserted !== undefined;
}
