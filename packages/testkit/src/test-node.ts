import { generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";
import { challengeText, type Hello } from "@courier/protocol";
import {
  enrolNode,
  insertEnrollmentKey,
  insertNodeSet,
  type Db,
  type NodeSetRow,
} from "@courier/store";

/** A node that is enrolled and holds its key. */
export interface TestNode {
  readonly nodeId: string;
  /** Answers a challenge; what `change` names replaces what is signed, `signature` the signature itself. */
  readonly hello: (serverNonce: string, change?: Partial<Hello>) => Hello;
}

/** Enrols a node of its own name with a key of its own; one that `isUnapproved` is only admitted. */
export async function enrolTestNode(
  db: Db,
  options: { readonly isUnapproved?: boolean } = {},
): Promise<TestNode> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const cohortId = options.isUnapproved === true ? await insertGuardedCohort(db) : undefined;
  const nodeId = await enrol(db, publicKey, cohortId);
  const hello = (serverNonce: string, change: Partial<Hello> = {}): Hello => {
    const unsigned = { ...helloOf(nodeId), ...change };
    const text = challengeText({ serverNonce, nodeNonce: unsigned.nonce, nodeId: unsigned.nodeId });
    const signature = sign(null, Buffer.from(text), privateKey).toString("base64");
    return { ...unsigned, signature, ...change };
  };
  return { nodeId, hello };
}

/** A cohort whose nodes wait for approval. */
async function insertGuardedCohort(db: Db): Promise<string> {
  const id = randomUUID();
  const cohort: NodeSetRow = {
    kind: "cohort",
    ...{ id, name: id, description: "", constraints: "", settingId: "" },
    ...{ skillAssemblyId: "", approvalNeeded: true, createdAt: 0, updatedAt: 0, createdBy: "test" },
  };
  await insertNodeSet(db, cohort, []);
  return id;
}

async function enrol(db: Db, publicKey: KeyObject, cohortId: string | undefined): Promise<string> {
  const id = randomUUID();
  await insertEnrollmentKey(db, {
    id: randomUUID(),
    hash: id,
    prefix: "",
    expiresAt: 9e12,
    usesLeft: 1,
    createdAt: 0,
    createdBy: "test",
    cohortId,
  });
  const enrolled = await enrolNode(db, {
    id,
    name: `node-${id}`,
    publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    keyHash: id,
    attributes: "{}",
    now: 1,
  });
  if (!enrolled.ok) throw new Error(enrolled.reason);
  return enrolled.nodeId;
}

function helloOf(nodeId: string): Hello {
  return {
    type: "hello",
    protocolVersion: 1,
    nodeId,
    signature: "",
    nonce: "bm9kZQ==",
    agentVersion: "0.1.0",
    bootId: "boot",
    journalId: "journal",
    maxConcurrentRuns: 1,
    attributes: {},
    runs: [],
  };
}
