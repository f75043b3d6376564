import type { Asker } from "@courier/protocol";
import { insertAudit, type Db } from "@courier/store";

/** Writes who made a change into the change's own transaction. */
export async function recordAudit(
  tx: Db,
  change: {
    readonly asker: Asker;
    readonly now: number;
    readonly action: string;
    /** Id of the thing that changed. */
    readonly object: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { asker, now, action, object, detail } = change;
  await insertAudit(tx, {
    at: now,
    actor: asker.tokenId,
    action,
    object,
    remoteAddress: asker.remoteAddress,
    requestId: asker.requestId,
    detail: JSON.stringify(detail ?? {}),
  });
}
