import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  type KeyObject,
} from "node:crypto";
import { enrolNode, insertEnrollmentKey, type Database } from "@courier/store";

/** An enrolled node that a virtual agent speaks for. */
export interface VirtualNode {
  readonly nodeId: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** How many nodes, and what their names begin with. */
export interface VirtualNodeRange {
  readonly count: number;
  readonly prefix: string;
}

/** The name of a virtual node: short, so that a template can list a hundred thousand targets. */
export function virtualNodeName(prefix: string, index: number): string {
  return `${prefix}${index.toString(36).padStart(3, "0")}`;
}

/** Enrols nodes straight in the database, in one transaction: ten thousand take a few seconds. */
export async function enrolVirtualNodes(
  db: Database,
  range: VirtualNodeRange,
): Promise<VirtualNode[]> {
  const hash = createHash("sha256").update(randomBytes(32)).digest("hex");
  const now = Date.now();
  return db.transaction(async (tx) => {
    await insertEnrollmentKey(tx, {
      id: randomUUID(),
      hash,
      prefix: "cek_virtual",
      expiresAt: now + 3_600_000,
      usesLeft: range.count,
      createdAt: now,
      createdBy: "virtual-fleet",
    });
    const nodes: VirtualNode[] = [];
    for (const { name, privateKey, publicKey } of newIdentities(range)) {
      const key = { publicKey, keyHash: hash, attributes: "{}", now };
      const enrolled = await enrolNode(tx, { id: randomUUID(), name, ...key });
      if (!enrolled.ok) throw new Error(`virtual node "${name}": ${enrolled.reason}`);
      nodes.push({ nodeId: enrolled.nodeId, name, privateKey });
    }
    return nodes;
  });
}

/** Enrols nodes as real ones do, over HTTP; `token` is an API token that may create enrolment keys. */
export async function enrolVirtualNodesOverHttp(
  service: { readonly url: string; readonly token: string },
  range: VirtualNodeRange,
): Promise<VirtualNode[]> {
  const minted = await post(service, "enrollment-keys", { uses: range.count });
  const nodes: VirtualNode[] = [];
  for (const { name, privateKey, publicKey } of newIdentities(range)) {
    const item = await post(service, "enroll", { key: minted["key"], name, publicKey });
    nodes.push({ nodeId: String(item["nodeId"]), name, privateKey });
  }
  return nodes;
}

async function post(
  service: { readonly url: string; readonly token: string },
  path: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${service.url}/node/management/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${service.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status !== 201) throw new Error(`${path}: ${await response.text()}`);
  // Both routes answer with one item whose members are texts.
  const answer = (await response.json()) as { readonly item: Readonly<Record<string, unknown>> };
  return answer.item;
}

interface Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** SPKI DER, base64. */
  readonly publicKey: string;
}

function* newIdentities({ count, prefix }: VirtualNodeRange): Generator<Identity> {
  for (let index = 0; index < count; index += 1) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const der = publicKey.export({ format: "der", type: "spki" });
    yield {
      name: virtualNodeName(prefix, index),
      privateKey,
      publicKey: der.toString("base64"),
    };
  }
}
