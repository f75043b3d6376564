import { createPublicKey } from "node:crypto";
import { CourierError } from "@courier/core";
import type { NodeEnrollRequest, NodeEnrollResponse } from "@courier/schema";
import { enrolNode, type EnrolNodeOutcome } from "@courier/store";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { hashSecret } from "./secrets.ts";

type Refusal = Extract<EnrolNodeOutcome, { ok: false }>["reason"];

/** Admits a node whose enrolment key is good, and tells it the service's public key to pin. */
export async function enrollNode(
  context: ApiContext,
  request: FastifyRequest<{ Body: NodeEnrollRequest }>,
): Promise<NodeEnrollResponse> {
  const { key, name, publicKey, attributes } = request.body;
  requireEd25519(publicKey);
  const outcome = await context.db.transaction(async (tx) => {
    const enrolled = await enrolNode(tx, {
      id: context.newId(),
      name,
      publicKey,
      keyHash: hashSecret(key),
      attributes: JSON.stringify(attributes ?? {}),
      now: context.clock.now(),
    });
    if (enrolled.ok) {
      const change = { action: "node.enroll", object: enrolled.nodeId, detail: { name } };
      await recordChange(tx, { context, request }, change);
    }
    return enrolled;
  });
  if (!outcome.ok) throw refusal(outcome.reason, name);
  return { item: { nodeId: outcome.nodeId, serverPublicKey: context.serverPublicKey } };
}

function requireEd25519(publicKey: string): void {
  const details = [{ pointer: "/publicKey", message: "expected an Ed25519 key, SPKI in base64" }];
  const message = "the body's publicKey: expected an Ed25519 key, SPKI in base64";
  const invalid = new CourierError("BODY_INVALID", message, { details });
  try {
    const der = Buffer.from(publicKey, "base64");
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519") throw invalid;
  } catch {
    // Whatever the decoder says about bytes that are no key, the sender needs to know what is expected.
    throw invalid;
  }
}

const refusals: Readonly<Record<Exclude<Refusal, "name-taken">, string>> = {
  "key-unknown": "the enrolment key is not valid",
  "key-expired": "the enrolment key has expired",
  "cohort-gone": "the cohort that the enrolment key admits to does not exist any more",
  "key-used-up": "the enrolment key has admitted as many nodes as it may",
};

function refusal(reason: Refusal, name: string): CourierError {
  if (reason === "name-taken") {
    return new CourierError(
      "NODE_NAME_TAKEN",
      `node name ${JSON.stringify(name)} is taken by a node with another key`,
    );
  }
  return new CourierError("ENROLLMENT_KEY_INVALID", refusals[reason]);
}
