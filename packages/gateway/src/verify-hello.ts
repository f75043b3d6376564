import { createPublicKey, verify } from "node:crypto";
import { challengeText, protocolVersion, type Hello } from "@courier/protocol";
import { findNode, type Db } from "@courier/store";

/** Why a connection was refused; `code` travels in the `goodbye`. */
export type HelloVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code:
        | "PROTOCOL_VERSION"
        | "NODE_UNKNOWN"
        | "NODE_ARCHIVED"
        | "SIGNATURE_INVALID"
        | "NODE_NOT_APPROVED";
      readonly reason: string;
      /** Whether coming back soon makes sense. */
      readonly isRetryable: boolean;
    };

/** Checks that the peer holds the private key of the node that it says it is. */
export async function verifyHello(
  db: Db,
  hello: Hello,
  serverNonce: string,
): Promise<HelloVerdict> {
  if (hello.protocolVersion !== protocolVersion) {
    return {
      ok: false,
      code: "PROTOCOL_VERSION",
      reason: `this service speaks protocol ${protocolVersion}, the node speaks ${hello.protocolVersion}`,
      isRetryable: false,
    };
  }
  const node = await findNode(db, hello.nodeId);
  if (node === undefined) {
    const reason = `no node has the id ${hello.nodeId}`;
    return { ok: false, code: "NODE_UNKNOWN", reason, isRetryable: false };
  }
  if (node.archivedAt !== null) {
    const reason = `node "${node.name}" is archived`;
    return { ok: false, code: "NODE_ARCHIVED", reason, isRetryable: false };
  }
  if (!isSignedBy(node.publicKey, hello, serverNonce)) {
    return {
      ok: false,
      code: "SIGNATURE_INVALID",
      reason: `the signature is not by the key of node "${node.name}"`,
      isRetryable: false,
    };
  }
  if (node.enrollmentLevel === "admitted") {
    const reason = `node "${node.name}" waits for approval: courier-cli management node approve-node --nodeId ${node.id}`;
    return { ok: false, code: "NODE_NOT_APPROVED", reason, isRetryable: true };
  }
  return { ok: true };
}

function isSignedBy(publicKey: string, hello: Hello, serverNonce: string): boolean {
  const key = createPublicKey({
    key: Buffer.from(publicKey, "base64"),
    format: "der",
    type: "spki",
  });
  const text = challengeText({ serverNonce, nodeNonce: hello.nonce, nodeId: hello.nodeId });
  return verify(null, Buffer.from(text), key, Buffer.from(hello.signature, "base64"));
}
