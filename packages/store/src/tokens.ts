import type { Db } from "./database.ts";

/** An API token; only its hash is stored. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: string;
  readonly role: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** Adds a token. */
export declare function insertToken(db: Db, row: TokenRow): Promise<void>;

/** The token with this hash, expired or not. */
export declare function findTokenByHash(db: Db, hash: string): Promise<TokenRow | undefined>;

/** How many tokens there are. */
export declare function countTokens(db: Db): Promise<number>;
