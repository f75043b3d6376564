import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@courier/core";
import { writeDurably } from "../host/durable-file.ts";

/** Who this node is: its own key pair, and after enrolment its id and the service's pinned key. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly serverPublicKey: KeyObject;
}

/** What the service answered when the node enrolled. */
export interface EnrolledAs {
  readonly nodeId: string;
  readonly name: string;
  /** SPKI DER, base64. */
  readonly serverPublicKey: string;
}

/**
 * The node's private key, made at the first call and durable before it is used: a node that dies between the enrolment
 * request and its answer comes back with the same key and is the same node to the service.
 */
export async function loadOrCreateKey(dataDir: string): Promise<KeyObject> {
  const path = join(dataDir, "node-key.pem");
  const existing = readIfExists(path);
  if (existing !== undefined) return createPrivateKey(existing);
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await writeDurably(path, pem, { mode: 0o600 });
  return privateKey;
}

/** The public half as the service wants it: SPKI DER, base64. */
export function publicKeyText(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: "spki", format: "der" }).toString("base64");
}

/** The identity of an enrolled node, or undefined before the first enrolment. */
export function loadIdentity(dataDir: string, privateKey: KeyObject): NodeIdentity | undefined {
  const path = join(dataDir, "identity.json");
  const text = readIfExists(path);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (!isEnrolledAs(value)) throw new Error(`${path} is damaged; remove it to enrol again`);
  return identityOf(value, privateKey);
}

/** Keeps what the enrolment brought; nothing of it is secret. */
export async function saveIdentity(
  dataDir: string,
  enrolled: EnrolledAs,
  privateKey: KeyObject,
): Promise<NodeIdentity> {
  const text = `${JSON.stringify(enrolled, undefined, 2)}\n`;
  await writeDurably(join(dataDir, "identity.json"), text, { mode: 0o600 });
  return identityOf(enrolled, privateKey);
}

function identityOf(enrolled: EnrolledAs, privateKey: KeyObject): NodeIdentity {
  const key = Buffer.from(enrolled.serverPublicKey, "base64");
  const serverPublicKey = createPublicKey({ key, type: "spki", format: "der" });
  return { nodeId: enrolled.nodeId, name: enrolled.name, privateKey, serverPublicKey };
}

function isEnrolledAs(value: unknown): value is EnrolledAs {
  if (typeof value !== "object" || value === null) return false;
  if (!("nodeId" in value && "name" in value && "serverPublicKey" in value)) return false;
  const { nodeId, name, serverPublicKey } = value;
  return [nodeId, name, serverPublicKey].every((part) => typeof part === "string" && part !== "");
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
