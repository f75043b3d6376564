import { createPublicKey, verify } from "node:crypto";
import { challengeText, protocolVersion, type Hello } from "@courier/protocol";
import { findNode, type Db } from "@courier/store";

/** Why a connection was refused; `code` travels in the `goodbye`. */
export type HelloVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: "PROTOCOL_VERSION" | "NODE_UNKNOWN" | "NODE_ARCHIVED" | "SIGNATURE_INVALID";
      readonly reason: string;
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
    };
  }
  const node = await findNode(db, hello.nodeId);
  if (node === undefined) {
    return { ok: false, code: "NODE_UNKNOWN", reason: `no node has the id ${hello.nodeId}` };
  }
  if (node.archivedAt !== null) {
    return { ok: false, code: "NODE_ARCHIVED", reason: `node "${node.name}" is archived` };
  }
  if (!isSignedBy(node.publicKey, hello, serverNonce)) {
    return {
      ok: false,
      code: "SIGNATURE_INVALID",
      reason: `the signature is not by the key of node "${node.name}"`,
    };
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
