import { randomBytes, sign, verify } from "node:crypto";
import {
  challengeText,
  protocolVersion,
  welcomeText,
  type Challenge,
  type Hello,
  type Welcome,
} from "@courier/protocol";
import type { NodeIdentity } from "./identity.ts";

/** What `hello` says beside the proof of identity. */
export type HelloFacts = Pick<
  Hello,
  "agentVersion" | "bootId" | "journalId" | "maxConcurrentRuns" | "attributes" | "skills" | "runs"
>;

/** One handshake: proves this node to the service and the service to this node. */
export class Handshake {
  readonly #identity: NodeIdentity;
  readonly #nodeNonce: string = randomBytes(32).toString("base64");
  #serverNonce = "";

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
  }

  /** The answer to a challenge; a sentence when the service speaks another protocol. */
  answer(challenge: Challenge, facts: HelloFacts): Hello | string {
    if (challenge.protocolVersion !== protocolVersion) {
      return `the service speaks protocol ${challenge.protocolVersion}, this agent ${protocolVersion}: bring both to the same version`;
    }
    this.#serverNonce = challenge.nonce;
    const text = Buffer.from(challengeText(this.#parts()));
    const signature = sign(null, text, this.#identity.privateKey).toString("base64");
    const { nodeId } = this.#identity;
    const nonce = this.#nodeNonce;
    return { type: "hello", protocolVersion, nodeId, signature, nonce, ...facts };
  }

  /** Whether the welcome comes from the service that this node enrolled with. */
  isGenuine(welcome: Welcome): boolean {
    if (this.#serverNonce === "") return false;
    const text = Buffer.from(welcomeText(this.#parts()));
    const signature = Buffer.from(welcome.signature, "base64");
    return verify(null, text, this.#identity.serverPublicKey, signature);
  }

  #parts(): { readonly serverNonce: string; readonly nodeNonce: string; readonly nodeId: string } {
    const { nodeId } = this.#identity;
    return { serverNonce: this.#serverNonce, nodeNonce: this.#nodeNonce, nodeId };
  }
}
