import type { Columns } from "./columns.ts";

/** Table `idempotency_keys`. */
export interface IdempotencyTable {
  token_id: string;
  key: string;
  body_hash: string;
  job_id: string;
  instance_id: string | null;
  created_at: number;
}

/** Columns of `idempotency_keys`. */
export const idempotencyColumns: Columns<IdempotencyTable> = {
  token_id: "text",
  key: "text",
  body_hash: "text",
  job_id: "text",
  instance_id: "text?",
  created_at: "integer",
};
