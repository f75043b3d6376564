import { createPublicKey, verify } from "node:crypto";
import { CourierError } from "@courier/core";
import { evidenceText } from "@courier/protocol";
import { findNode, type Db, type FoundRun } from "@courier/store";

/** What a node signs when it hands in an archive. */
export interface SignedArchive {
  readonly token: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

const scheme = /^Courier-Node ([0-9a-f-]{36}):([A-Za-z0-9+/=]{1,128})$/;

/**
 * Makes sure that the run's own node sent this, by its signature over the archive's place and digest: a repeat by
 * somebody else can only bring the same bytes to the same place. Throws UNAUTHENTICATED or EVIDENCE_REFUSED.
 */
export async function requireNodeSignature(
  db: Db,
  authorization: string | undefined,
  signed: { readonly run: FoundRun; readonly archive: SignedArchive },
): Promise<void> {
  const { run, archive } = signed;
  const [, nodeId, signature = ""] = scheme.exec(authorization ?? "") ?? [];
  if (nodeId === undefined)
    throw unauthenticated("send `Authorization: Courier-Node <id>:<signature>`");
  const node = await findNode(db, nodeId);
  if (node === undefined || node.archivedAt !== null) {
    throw unauthenticated(`there is no node ${nodeId}`);
  }
  const key = createPublicKey({
    key: Buffer.from(node.publicKey, "base64"),
    format: "der",
    type: "spki",
  });
  const text = Buffer.from(evidenceText({ nodeId, runId: run.id, ...archive }));
  if (!verify(null, text, key, Buffer.from(signature, "base64"))) {
    throw unauthenticated(`the signature is not by the key of node "${node.name}"`);
  }
  if (run.nodeId !== nodeId || run.token !== archive.token) {
    throw new CourierError("EVIDENCE_REFUSED", `run ${run.id} is not this node's, or not any more`);
  }
}

function unauthenticated(reason: string): CourierError {
  return new CourierError("UNAUTHENTICATED", reason);
}
