import { sign, type KeyObject } from "node:crypto";

/** The service's identity towards its nodes. */
export interface ServerKey {
  readonly privateKey: KeyObject;
  /** SPKI DER, base64: what nodes pin when they enrol. */
  readonly publicKey: string;
}

/** Signs a text with Ed25519 (RFC 8032); base64. */
export function signText(key: ServerKey, text: string): string {
  return sign(null, Buffer.from(text), key.privateKey).toString("base64");
}
