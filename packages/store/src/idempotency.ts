import type { Db } from "./database.ts";

/** The stored answer to an idempotency key: which body it came with, which job it made. */
export interface IdempotencyRow {
  readonly bodyHash: string;
  readonly jobId: string;
}

/** What a token has used a key for before. */
export declare function findIdempotency(
  db: Db,
  options: { readonly tokenId: string; readonly key: string },
): Promise<IdempotencyRow | undefined>;

/** Records a key; false when this token has used it already. */
export declare function insertIdempotency(
  tx: Db,
  row: IdempotencyRow & {
    readonly tokenId: string;
    readonly key: string;
    readonly createdAt: number;
  },
): Promise<boolean>;
