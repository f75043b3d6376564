import type { Db } from "./database.ts";

/** A key that admits nodes; only its hash is stored. */
export interface EnrollmentKeyRow {
  readonly id: string;
  readonly hash: string;
  readonly prefix: string;
  readonly expiresAt: number;
  readonly usesLeft: number;
  readonly createdAt: number;
  readonly createdBy: string;
}

/** Outcome of an enrolment. */
export type EnrolNodeOutcome =
  | { readonly ok: true; readonly nodeId: string }
  | {
      readonly ok: false;
      readonly reason: "key-unknown" | "key-expired" | "key-used-up" | "name-taken";
    };

/** Adds an enrolment key. */
export declare function insertEnrollmentKey(db: Db, row: EnrollmentKeyRow): Promise<void>;

/**
 * Admits a node and consumes one use of the key. The same name with the same public key again is the node that did not
 * get its first answer: the same node id, no use consumed, even when the key is used up or expired by then.
 */
export declare function enrolNode(
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
): Promise<EnrolNodeOutcome>;
