import type { Asker } from "@courier/protocol";
import { insertAudit, type Db } from "@courier/store";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { principalOf } from "./request-context.ts";

/** A change worth remembering: what was done to what. */
export interface AuditedChange {
  readonly action: string;
  /** Id of the thing that changed. */
  readonly object: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Records who made a change, from where and in which request; `db` is the change's own transaction where it has one. */
export async function recordChange(
  db: Db,
  from: { readonly context: ApiContext; readonly request: FastifyRequest },
  change: AuditedChange,
): Promise<void> {
  await insertAudit(db, {
    at: from.context.clock.now(),
    actor: from.request.principal?.tokenId ?? "anonymous",
    action: change.action,
    object: change.object,
    remoteAddress: from.request.ip,
    requestId: from.request.id,
    detail: JSON.stringify(change.detail ?? {}),
  });
}

/** Who asks for a change that the scheduler makes and records in its own transaction. */
export function askerOf(request: FastifyRequest): Asker {
  return {
    tokenId: principalOf(request).tokenId,
    remoteAddress: request.ip,
    requestId: request.id,
  };
}
